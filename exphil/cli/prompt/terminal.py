"""The prompt of `exphil sql`: history, completion, highlighting, queries of many lines."""

from pathlib import Path
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.formatted_text import HTML
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer  # type: ignore[import-untyped]

from exphil.cli.output import note
from exphil.cli.prompt.completion import SqlCompleter, Words, known_words
from exphil.cli.prompt.session import COMMANDS, FORMATS, Session
from exphil.cli.prompt.text import is_whole
from exphil.config.history import history_file

PROMPT: Final = "exphil> "
CONTINUED: Final = "   ...> "


def ask(session: Session) -> None:
    """Read and answer until the person leaves; then close the session."""
    prompt = _make_prompt(session)
    games = sum(part.rows.get("replays", 0) for part in session.store.manifest.of("replays"))
    note(f"{session.store.root}: {games:,} replays. Queries end with `;`. .help explains, Ctrl-D leaves.")
    try:
        while True:
            try:
                text = prompt.prompt(HTML("<ansigreen>{}</ansigreen>").format(PROMPT))
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if not session.run(text):
                return
    finally:
        session.close()


def _make_prompt(session: Session) -> PromptSession[str]:
    known: list[tuple[object, Words]] = []

    def words() -> Words:
        try:
            database = session.database(newest=False)
            if not known or known[0][0] is not database:
                known[:] = [(database, known_words(database))]
        except Exception:  # Tab offers nothing then; the query itself will tell what is wrong
            return Words({}, {}, {}, ())
        return known[0][1]

    commands = {name.partition(" ")[0]: doc for name, doc in COMMANDS.items()}
    return PromptSession(
        history=_history(history_file()),
        completer=SqlCompleter(words, commands, FORMATS),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        lexer=PygmentsLexer(SqlLexer),
        multiline=True,
        prompt_continuation=lambda width, number, is_soft_wrap: " " * width if is_soft_wrap else CONTINUED,
        key_bindings=_bindings(),
        reserve_space_for_menu=6,
    )


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    return bindings


def _history(file: Path | None) -> History:
    """What was asked before; where the file cannot be written, only what this session asks."""
    if file is None:
        return InMemoryHistory()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        with file.open("ab"):
            pass
    except OSError as error:
        note(f"{file} cannot be written ({error.strerror}): queries will not be remembered")
        return InMemoryHistory()
    return FileHistory(file)
