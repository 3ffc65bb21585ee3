"""What players get into, and how they get out of it: techs, ledges, recoveries, and the words of a punish."""
