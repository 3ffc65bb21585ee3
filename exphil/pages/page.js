// Draws every chart of the page, and lets tables be sorted and charts be saved. Needs no network.
(() => {
  const config = JSON.parse(document.getElementById("chart-config").textContent);
  const charts = [...document.querySelectorAll(".chart")].map((node) => ({
    node,
    spec: JSON.parse(node.nextElementSibling.textContent),
  }));
  const columnsFor = (width) => Math.max(1, Math.floor(width / 120));
  let columns = 0;

  async function draw() {
    columns = columnsFor(document.querySelector("main").clientWidth);
    const fitted = { ...config, legend: { ...config.legend, columns } };
    for (const chart of charts) {
      chart.view?.finalize();
      try {
        const made = await vegaEmbed(chart.node, chart.spec, { config: fitted, renderer: "svg", actions: false });
        chart.view = made.view;
      } catch (error) {
        chart.node.textContent = `This chart could not be drawn: ${error.message}`;
      }
    }
    document.body.dataset.drawn = charts.length;
  }

  function save(chart) {
    const style = getComputedStyle(document.documentElement);
    chart.view.toSVG().then((text) => {
      const plain = text.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([plain], { type: "image/svg+xml" }));
      link.download = "chart.svg";
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }

  for (const chart of charts) {
    chart.node.parentElement.querySelector(".save").addEventListener("click", () => save(chart));
  }
  window.addEventListener("resize", () => {
    if (columnsFor(document.querySelector("main").clientWidth) !== columns) draw();
  });
  draw();

  const order = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    if (a === "" || b === "") return (a === "") - (b === "");
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
  };
  for (const button of document.querySelectorAll("th button")) {
    button.addEventListener("click", () => {
      const head = button.parentElement;
      const column = head.cellIndex;
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = head.closest("table").tBodies[0];
      const value = (row) => row.cells[column].dataset.value;
      const rows = [...body.rows].sort((a, b) => {
        const empty = value(a) === "" || value(b) === "";
        return (down && !empty ? -1 : 1) * order(value(a), value(b));
      });
      body.append(...rows);
    });
  }
})();
