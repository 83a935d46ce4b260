"""What every test run prints at its end: the minutes that each notebook took."""

from collections import defaultdict


def pytest_terminal_summary(terminalreporter):
    seconds = defaultdict(float)
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        name = getattr(report, "nodeid", "").split("::")[0]
        if name.endswith(".ipynb"):
            seconds[name] += getattr(report, "duration", 0)
    if seconds:
        terminalreporter.section("minutes per notebook")
    for name in sorted(seconds):
        terminalreporter.write_line(f"{seconds[name] / 60:7.1f}  {name}")
