"""What the headers of the ABI declare, read from their text: structs with their fields and slots, constants, the version."""
import pathlib
import re

# Fixed for ever: they have no struct_size to say how large they are.
FIXED = {"ArrowSchema", "ArrowArray", "ArrowArrayStream", "penstock_str", "penstock_bytes"}


def text_of(include):
    """All headers in one text, without comments."""
    text = "".join(path.read_text() for path in sorted((pathlib.Path(include) / "penstock").glob("*.h")))
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def field_name(declaration):
    """`int32_t (*cancelled)(penstock_call* call)` is cancelled; `const char* name` is name."""
    slot = re.search(r"\(\*(\w+)\)\s*\(", declaration)
    assert slot or "," not in declaration, f"one field a declaration: {declaration}"
    return slot.group(1) if slot else re.search(r"(\w+)\s*$", declaration).group(1)


def structs(include):
    """Name to fields, in their order. A struct that is only declared, as penstock_buffer, has none and is left out."""
    bodies = re.findall(r"^(?:typedef )?struct (\w+) \{(.*?)^\}", text_of(include), flags=re.S | re.M)
    return {name: [field_name(part.strip()) for part in body.split(";") if part.strip()] for name, body in bodies}


def constants(include):
    """Names of what a plugin may write or read by number or text: no macros with parameters, guards, or helpers of macros."""
    found = re.findall(r"^#define ((?:PENSTOCK|ARROW_FLAG)_\w+)[ \t]+\S", text_of(include), flags=re.M)
    return [name for name in dict.fromkeys(found) if name != "PENSTOCK_EXPORT"]


def version(include):
    text = text_of(include)
    return tuple(int(re.search(rf"^#define PENSTOCK_ABI_{part} (\d+)", text, flags=re.M).group(1)) for part in ("MAJOR", "MINOR"))
