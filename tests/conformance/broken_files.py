"""Files that are wrong in a way that no compiler makes: a good plugin, patched."""
import struct

PT_DYNAMIC, PT_GNU_STACK, PF_X = 2, 0x6474E551, 1
DT_FLAGS, DF_STATIC_TLS = 30, 0x10


def segments(image):
    """(type, where its header is, where it is in the file, its size)"""
    start, size, count = struct.unpack_from("<Q", image, 32)[0], *struct.unpack_from("<HH", image, 54)
    for header in range(start, start + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", image, header)
        yield kind, header, offset, length


def dynamic_entries(image):
    """(tag, where the entry is)"""
    for kind, _, offset, size in segments(image):
        for entry in range(offset, offset + size, 16) if kind == PT_DYNAMIC else ():
            yield struct.unpack_from("<q", image, entry)[0], entry


def executable_stack(image):
    for kind, header, _, _ in segments(image):
        if kind == PT_GNU_STACK:
            image[header + 4] |= PF_X


def static_tls(image):
    for tag, entry in dynamic_entries(image):
        if tag == DT_FLAGS:
            image[entry + 8] |= DF_STATIC_TLS


def no_note(image):
    image[:] = image.replace(b"Penstock\0", b"Penstack\0")


def newer_glibc(image):
    image[:] = image.replace(b"GLIBC_2.2.5\0", b"GLIBC_9.9.9\0").replace(b"GLIBC_2.17\0", b"GLIBC_9.99\0")


def write(good, folder):
    """Writes each of them to folder/NAME.so."""
    for patch in (executable_stack, static_tls, no_note, newer_glibc):
        before = good.read_bytes()
        image = bytearray(before)
        patch(image)
        assert image != before, patch.__name__
        (folder / f"{patch.__name__}.so").write_bytes(image)
    (folder / "Bad-Name.so").write_bytes(good.read_bytes())
