"""The feature table: what is promised, and the tests that show it. The README's table is made from it."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("features.toml")
README = ROOT / "README.md"
BEGIN, END = "<!-- features: made from tests/architecture/features.toml -->", "<!-- end of features -->"


@dataclass(frozen=True, slots=True)
class Feature:
    """`tests` are pytest node ids; `bench`, where given, is the `imprint bench` whose exit code is the verdict."""

    name: str
    works_when: str
    tests: tuple[str, ...]
    bench: str | None = None


def features() -> list[Feature]:
    rows = tomllib.loads(TABLE.read_text())["feature"]
    return [Feature(row["name"], row["works_when"], tuple(row["tests"]), row.get("bench")) for row in rows]


def markdown() -> str:
    lines = ["| feature | it works when | proof |", "|---|---|---|"]
    for feature in features():
        files = list(dict.fromkeys(test.partition("::")[0] for test in feature.tests))
        proof = ", ".join(f"[{Path(file).stem.removeprefix('test_')}]({file})" for file in files)
        proof += f", `imprint bench {feature.bench}`" if feature.bench else ""
        lines.append(f"| {feature.name} | {feature.works_when} | {proof} |")
    return "\n".join(lines)


def readme_with_table(readme: str) -> str:
    head, _, rest = readme.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{markdown()}\n{END}{tail}"


if __name__ == "__main__":
    README.write_text(readme_with_table(README.read_text()))
    sys.stdout.write(f"{README.name} has {len(features())} features now\n")
