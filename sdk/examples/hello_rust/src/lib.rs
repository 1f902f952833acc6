//! A source with one table of greetings, `text` and `updated_at`.
mod abi;

use abi::*;
use std::ffi::{c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr::{null, null_mut};

const TEXTS: [&str; 3] = ["Guten Tag!", "Good day!", "Bonjour!"];
static UPDATED_AT: [i64; 3] = [1_700_000_000_000_000_000, 1_700_000_001_000_000_000, 1_700_000_002_000_000_000]; // ns since 1970

unsafe fn fail(call: *mut Call, status: i32, message: &'static str) -> i32 {
    let error = Error {
        struct_size: size_of::<Error>() as u32,
        status,
        retry: 0,
        vendor_code: 0,
        retry_after_ns: 0,
        sqlstate: Str { data: null(), size: 0 },
        message: Str::of(message),
    };
    ((*(*call).host).set_error)(call, &error);
    status
}

unsafe fn check_table(call: *mut Call, table: *const Table) -> i32 {
    if (*table).table.bytes() == b"greetings" { OK } else { fail(call, NOT_FOUND, "there is only the table \"greetings\"") }
}

unsafe fn check_scan(call: *mut Call, scan: *const Scan) -> i32 {
    for i in 0..(*scan).n_columns as usize {
        if ![&b"text"[..], b"updated_at"].contains(&(*(*scan).columns.add(i)).bytes()) {
            return fail(call, NOT_FOUND, "there are only the columns \"text\" and \"updated_at\"");
        }
    }
    check_table(call, (*scan).table)
}

unsafe fn append(call: *mut Call, buffer: *mut Opaque, text: &str) {
    ((*(*call).host).append)(call, buffer, text.as_ptr().cast(), text.len() as u64);
}

unsafe extern "C" fn validate(_: *mut Call, _: *const Opaque) -> i32 {
    OK
}
/// There is nothing to keep in this source; a real one keeps its connection in a Box.
unsafe extern "C" fn open(_: *mut Call, _: *const Opaque, out: *mut *mut Opaque) -> i32 {
    *out = Box::into_raw(Box::new(0u64)).cast();
    OK
}
unsafe extern "C" fn close(_: *mut Call, source: *mut Opaque) {
    drop(Box::from_raw(source.cast::<u64>()));
}
unsafe extern "C" fn ping(_: *mut Call, _: *mut Opaque) -> i32 {
    OK
}
unsafe extern "C" fn describe(call: *mut Call, _: *mut Opaque, table: *const Table, out: *mut ArrowSchema) -> i32 {
    let found = check_table(call, table);
    if found == OK {
        make_schema(out);
    }
    found
}
unsafe extern "C" fn list_tables(_: *mut Call, _: *mut Opaque, add: AddTable, context: *mut c_void) -> i32 {
    add(context, Str::of(""), Str::of(""), Str::of("greetings"))
}
unsafe extern "C" fn horizon(call: *mut Call, _: *mut Opaque, table: *const Table, _: *const Opaque, out: *mut Horizon) -> i32 {
    let found = check_table(call, table);
    if found == OK {
        (*out).guarantee = 1;
        (*(*out).position).ordinal = UPDATED_AT[2];
        append(call, (*(*out).position).text, "2023-11-14 22:13:22 UTC");
        append(call, (*out).why, "the greetings never change");
    }
    found
}
unsafe extern "C" fn plan(call: *mut Call, _: *mut Opaque, scan: *const Scan, add: AddPartition, context: *mut c_void, info: *mut ScanInfo) -> i32 {
    let found = check_scan(call, scan);
    if found != OK {
        return found;
    }
    append(call, (*info).statement, "all greetings");
    add(context, Str { data: null(), size: 0 }) // one partition
}

struct Stream {
    call: *mut Call, // valid until the stream is released
    next: usize,
}

/// A greeting a batch: never more than any host asks for.
unsafe extern "C" fn scan(call: *mut Call, _: *mut Opaque, scan: *const Scan, _: Str, out: *mut ArrowStream, _: *mut ScanInfo) -> i32 {
    let found = check_scan(call, scan);
    if found == OK {
        let stream = Box::new(Stream { call, next: 0 });
        out.write(ArrowStream { get_schema, get_next, get_last_error, release: Some(release_stream), private_data: Box::into_raw(stream).cast() });
    }
    found
}
unsafe extern "C" fn get_schema(_: *mut ArrowStream, out: *mut ArrowSchema) -> c_int {
    make_schema(out);
    0
}
unsafe extern "C" fn get_next(this: *mut ArrowStream, out: *mut ArrowArray) -> c_int {
    let stream = &mut *(*this).private_data.cast::<Stream>();
    if ((*(*stream.call).host).cancelled)(stream.call) != 0 {
        fail(stream.call, CANCELLED, "cancelled");
        return ECANCELED;
    }
    if stream.next == TEXTS.len() {
        out.write(array(0, &[], null_mut(), 0, null_mut())); // released: the end
        (*out).release = None;
        return 0;
    }
    make_batch(stream.next, out);
    stream.next += 1;
    0
}
unsafe extern "C" fn get_last_error(_: *mut ArrowStream) -> *const c_char {
    b"cancelled\0".as_ptr().cast()
}
unsafe extern "C" fn release_stream(this: *mut ArrowStream) {
    drop(Box::from_raw((*this).private_data.cast::<Stream>()));
    (*this).release = None;
}

/// What a schema or a batch points to; freed with it.
struct SchemaParts {
    columns: [ArrowSchema; 2],
    children: [*mut ArrowSchema; 2],
}
struct BatchParts {
    offsets: [i32; 2],
    struct_buffers: [*const c_void; 1],
    text_buffers: [*const c_void; 3],
    time_buffers: [*const c_void; 2],
    columns: [ArrowArray; 2],
    children: [*mut ArrowArray; 2],
}

fn schema(format: &'static [u8], name: &'static [u8]) -> ArrowSchema {
    ArrowSchema {
        format: format.as_ptr(),
        name: name.as_ptr(),
        metadata: null(),
        flags: 2, // nullable
        n_children: 0,
        children: null_mut(),
        dictionary: null_mut(),
        release: Some(release_column_schema),
        private_data: null_mut(),
    }
}
unsafe extern "C" fn release_column_schema(this: *mut ArrowSchema) {
    (*this).release = None;
}
unsafe extern "C" fn release_schema(this: *mut ArrowSchema) {
    drop(Box::from_raw((*this).private_data.cast::<SchemaParts>()));
    (*this).release = None;
}
unsafe fn make_schema(out: *mut ArrowSchema) {
    let parts = Box::into_raw(Box::new(SchemaParts {
        columns: [schema(b"u\0", b"text\0"), schema(b"tsn:UTC\0", b"updated_at\0")],
        children: [null_mut(); 2],
    }));
    (*parts).children = [&mut (*parts).columns[0], &mut (*parts).columns[1]];
    out.write(schema(b"+s\0", b"\0"));
    (*out).n_children = 2;
    (*out).children = (*parts).children.as_mut_ptr();
    (*out).release = Some(release_schema);
    (*out).private_data = parts.cast();
}

fn array(length: i64, buffers: &[*const c_void], children: *mut *mut ArrowArray, n_children: i64, private_data: *mut c_void) -> ArrowArray {
    ArrowArray {
        length,
        null_count: 0,
        offset: 0,
        n_buffers: buffers.len() as i64,
        n_children,
        buffers: buffers.as_ptr(),
        children,
        dictionary: null_mut(),
        release: Some(release_column),
        private_data,
    }
}
unsafe extern "C" fn release_column(this: *mut ArrowArray) {
    (*this).release = None;
}
unsafe extern "C" fn release_batch(this: *mut ArrowArray) {
    drop(Box::from_raw((*this).private_data.cast::<BatchParts>()));
    (*this).release = None;
}
unsafe fn make_batch(row: usize, out: *mut ArrowArray) {
    let none = || array(0, &[], null_mut(), 0, null_mut());
    let text = TEXTS[row];
    let parts = Box::into_raw(Box::new(BatchParts {
        offsets: [0, text.len() as i32],
        struct_buffers: [null()],
        text_buffers: [null(), null(), text.as_ptr().cast()],
        time_buffers: [null(), (&UPDATED_AT[row] as *const i64).cast()],
        columns: [none(), none()],
        children: [null_mut(); 2],
    }));
    let p = &mut *parts;
    p.text_buffers[1] = p.offsets.as_ptr().cast();
    p.columns = [array(1, &p.text_buffers, null_mut(), 0, null_mut()), array(1, &p.time_buffers, null_mut(), 0, null_mut())];
    p.children = [&mut p.columns[0], &mut p.columns[1]];
    out.write(array(1, &p.struct_buffers, p.children.as_mut_ptr(), 2, parts.cast()));
    (*out).release = Some(release_batch);
}

unsafe extern "C" fn get_extension(_: *mut Opaque, _: *const c_char) -> *const c_void {
    null()
}
unsafe extern "C" fn init(_: *const Host, _: *mut Call) -> i32 {
    OK
}
unsafe extern "C" fn deinit() {}

static VTAB: SourceVtab =
    SourceVtab { struct_size: size_of::<SourceVtab>() as u32, reserved: 0, open, close, ping, describe, list_tables, horizon, plan, scan, get_extension };
static COMPONENT: Component = Component {
    struct_size: size_of::<Component>() as u32,
    kind: 1,
    id: b"hello_rust\0".as_ptr(),
    title: b"Hello\0".as_ptr(),
    doc: b"A table of greetings, for learning.\0".as_ptr(),
    options: null(),
    n_options: 0,
    table_options: null(),
    n_table_options: 0,
    vtab: &VTAB,
    validate,
};
static COMPONENTS: [&Component; 1] = [&COMPONENT];
static MODULE: Module = Module {
    magic: 0x4b54_5350,
    struct_size: size_of::<Module>() as u32,
    abi_major: 1,
    abi_minor: 0,
    flags: 0,
    n_components: 1,
    id: b"hello_rust\0".as_ptr(),
    version: b"1.0.0\0".as_ptr(),
    vendor: b"Penstock\0".as_ptr(),
    license: b"Apache-2.0\0".as_ptr(),
    url: b"https://example.org/hello-rust\0".as_ptr(),
    components: COMPONENTS.as_ptr(),
    init,
    deinit,
};

/// The ELF note that the host reads before it loads the library: name, type, ABI version, id, version.
#[repr(C, align(4))]
pub struct Note {
    sizes: [u32; 3],
    name: [u8; 12],
    abi: [u32; 2],
    id_and_version: [u8; 17],
}
#[used]
#[link_section = ".note.penstock"]
static NOTE: Note =
    Note { sizes: [9, 25, 0x4b54_5350], name: *b"Penstock\0\0\0\0", abi: [1, 0], id_and_version: *b"hello_rust\x001.0.0\0" };

#[no_mangle]
pub extern "C" fn penstock_module_v1() -> *const Module {
    &MODULE
}
