#!/usr/bin/python3
"""docs/abi.md has every struct, field, slot and constant of the headers, the limits have the values that the host's sources give them,
and every anchor of it that something refers to is there."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/abi"))
import contract

INCLUDE = ROOT / "sdk/include"
PAGE = (ROOT / "docs/abi.md").read_text()
problems = []


def names_in(text):
    return re.findall(r"`(\w+)`", text)


def tables():
    """Each table that is headed by names in backticks: those names, and the names in the first column below."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.M):
        rows = [row.split("|")[1] for row in table.splitlines()]
        if names_in(rows[0]):
            yield names_in(rows[0]), [name for row in rows[2:] for name in names_in(row)]


def check_structs():
    described = {struct: fields for structs, fields in tables() for struct in structs}
    for struct, fields in contract.structs(INCLUDE).items():
        if struct not in described:
            problems.append(f"there is no table of {struct}")
            continue
        problems.extend(f"the table of {struct} lacks {field}" for field in fields if field not in described[struct])
        problems.extend(f"{struct} has no {field}" for field in described[struct] if field not in fields)


def check_constants():
    words = set(re.findall(r"\w+", PAGE))
    problems.extend(f"{name} is not there" for name in contract.constants(INCLUDE) if name not in words)


def limits_of_the_host():
    """Name to value, as far as it is a number: `kMaxNotes = 64 << 10`, `kCloseTimeout{10}`."""
    sources = "".join(path.read_text() for folder in ("plugin", "batch") for path in sorted((ROOT / "host" / folder).glob("*.?pp")))
    found = re.findall(r"constexpr [\w:]+ (k(?:Max|CloseTimeout)\w*)(?: = |\{)([^;]*?)\}?;", sources)
    values = {}
    for name, value in found:
        value = re.sub(r"int64_t\{(\d+)\}", r"\1", value).replace("'", "")
        if re.fullmatch(r"[\d <]+", value):
            values[name] = eval(value)
    return values


def check_limits():
    written = {name: int(value) for name, value in re.findall(r"^\| `(k\w+)` \| (\d+) \|", PAGE, flags=re.M)}
    host = limits_of_the_host()
    problems.extend(f"{name} is {host.get(name, 'not there')}, not {value}" for name, value in written.items() if host.get(name) != value)
    problems.extend(f"{name}, which is {value}, is not among the limits" for name, value in host.items() if name not in written)
    if len(written) < 25:
        problems.append(f"only {len(written)} limits were understood")


def anchors():
    """As they are made of headings: in small letters, without punctuation, words joined by hyphens."""
    headings = re.findall(r"^#+ (.*)$", PAGE, flags=re.M)
    made = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    problems.extend(f"two headings are #{anchor}" for anchor in set(made) if made.count(anchor) > 1)
    return set(made)


def references():
    """What refers to the page: links in it, links to it, and the rule that each check of `plugins check` names."""
    for anchor in re.findall(r"\]\(#([^)]*)\)", PAGE):
        yield "docs/abi.md", anchor
    within = [path for folder in ("docs", "host", "plugins", "sdk") for path in sorted((ROOT / folder).rglob("*"))]
    for path in sorted(ROOT.glob("*.md")) + within:
        if path.suffix in (".md", ".h", ".hpp", ".c", ".cpp"):
            for anchor in re.findall(r"abi\.md#([\w-]+)", path.read_text()):
                yield path.relative_to(ROOT), anchor
    text = r'"(?:[^"\\]|\\.)*"'
    for path in sorted((ROOT / "host/conformance").glob("*_checks.cpp")):
        for rule in re.findall(rf'Subject::\w+,\s*(?:{text}\s*)+,\s*"([^"]*)"', path.read_text()):
            if "#" not in rule:  # else it is of another page
                yield path.relative_to(ROOT), rule


check_structs()
check_constants()
check_limits()
there = anchors()
named = list(references())
problems.extend(f"{path} refers to #{anchor}, which is no heading" for path, anchor in named if anchor not in there)
if not any("_checks.cpp" in str(path) for path, _ in named):
    problems.append("the rules of the checks were not found")
print("\n".join(problems) or f"{len(contract.structs(INCLUDE))} structs and {len(named)} references are there")
sys.exit(1 if problems else 0)
