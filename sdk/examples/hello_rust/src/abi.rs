//! The structs of the plugin ABI 1.0 and of the Arrow C data interface, as far as a source needs them. The contract is in the headers.
use std::ffi::{c_char, c_int, c_void};

pub const OK: i32 = 0;
pub const NOT_FOUND: i32 = 3;
pub const CANCELLED: i32 = 7;
pub const ECANCELED: c_int = 125;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub data: *const u8,
    pub size: u64,
}

impl Str {
    pub fn of(text: &'static str) -> Str {
        Str { data: text.as_ptr(), size: text.len() as u64 }
    }
    /// # Safety
    /// The text must be alive.
    pub unsafe fn bytes(&self) -> &[u8] {
        if self.size == 0 { &[] } else { std::slice::from_raw_parts(self.data, self.size as usize) }
    }
}

/// A struct that is only passed on, or looked at as a whole.
#[repr(C)]
pub struct Opaque {
    _private: [u8; 0],
}

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub status: i32,
    pub retry: i32,
    pub vendor_code: i32,
    pub retry_after_ns: i64,
    pub sqlstate: Str,
    pub message: Str,
}

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub reserved: u32,
    pub host: *const Host,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub log_enabled: *const c_void,
    pub log: *const c_void,
    pub set_error: unsafe extern "C" fn(*mut Call, *const Error),
    pub add_error_detail: *const c_void,
    pub cancelled: unsafe extern "C" fn(*mut Call) -> i32,
    pub cancel_fd: *const c_void,
    pub deadline_ns: *const c_void,
    pub on_cancel: *const c_void,
    pub off_cancel: *const c_void,
    pub reject: *const c_void,
    pub append: unsafe extern "C" fn(*mut Call, *mut Opaque, *const c_void, u64),
    pub metric: *const c_void,
}

#[repr(C)]
pub struct PositionOut {
    pub struct_size: u32,
    pub reserved: u32,
    pub ordinal: i64,
    pub detail: *mut Opaque,
    pub text: *mut Opaque,
}

#[repr(C)]
pub struct Table {
    pub struct_size: u32,
    pub reserved: u32,
    pub database: Str,
    pub schema: Str,
    pub table: Str,
    pub query: Str,
    pub options: *const Opaque,
}

#[repr(C)]
pub struct Horizon {
    pub struct_size: u32,
    pub guarantee: i32,
    pub position: *mut PositionOut,
    pub why: *mut Opaque,
    pub holder: *mut Opaque,
}

/// The head of penstock_scan.
#[repr(C)]
pub struct Scan {
    pub struct_size: u32,
    pub null_cursor: i32,
    pub table: *const Table,
    pub cursor: *const Opaque,
    pub since: *const Opaque,
    pub until: *const Opaque,
    pub columns: *const Str,
    pub n_columns: u64,
}

/// The head of penstock_scan_info.
#[repr(C)]
pub struct ScanInfo {
    pub struct_size: u32,
    pub honoured: u32,
    pub rows_estimate: i64,
    pub statement: *mut Opaque,
}

pub type AddPartition = unsafe extern "C" fn(*mut c_void, Str) -> i32;
pub type AddTable = unsafe extern "C" fn(*mut c_void, Str, Str, Str) -> i32;

#[repr(C)]
pub struct SourceVtab {
    pub struct_size: u32,
    pub reserved: u32,
    pub open: unsafe extern "C" fn(*mut Call, *const Opaque, *mut *mut Opaque) -> i32,
    pub close: unsafe extern "C" fn(*mut Call, *mut Opaque),
    pub ping: unsafe extern "C" fn(*mut Call, *mut Opaque) -> i32,
    pub describe: unsafe extern "C" fn(*mut Call, *mut Opaque, *const Table, *mut ArrowSchema) -> i32,
    pub list_tables: unsafe extern "C" fn(*mut Call, *mut Opaque, AddTable, *mut c_void) -> i32,
    pub horizon: unsafe extern "C" fn(*mut Call, *mut Opaque, *const Table, *const Opaque, *mut Horizon) -> i32,
    pub plan: unsafe extern "C" fn(*mut Call, *mut Opaque, *const Scan, AddPartition, *mut c_void, *mut ScanInfo) -> i32,
    pub scan: unsafe extern "C" fn(*mut Call, *mut Opaque, *const Scan, Str, *mut ArrowStream, *mut ScanInfo) -> i32,
    pub get_extension: unsafe extern "C" fn(*mut Opaque, *const c_char) -> *const c_void,
}

#[repr(C)]
pub struct Component {
    pub struct_size: u32,
    pub kind: i32,
    pub id: *const u8,
    pub title: *const u8,
    pub doc: *const u8,
    pub options: *const c_void,
    pub n_options: u64,
    pub table_options: *const c_void,
    pub n_table_options: u64,
    pub vtab: *const SourceVtab,
    pub validate: unsafe extern "C" fn(*mut Call, *const Opaque) -> i32,
}

#[repr(C)]
pub struct Module {
    pub magic: u32,
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub flags: u32,
    pub n_components: u32,
    pub id: *const u8,
    pub version: *const u8,
    pub vendor: *const u8,
    pub license: *const u8,
    pub url: *const u8,
    pub components: *const &'static Component,
    pub init: unsafe extern "C" fn(*const Host, *mut Call) -> i32,
    pub deinit: unsafe extern "C" fn(),
}

// Static data that nobody changes.
unsafe impl Sync for Component {}
unsafe impl Sync for Module {}

#[repr(C)]
pub struct ArrowSchema {
    pub format: *const u8,
    pub name: *const u8,
    pub metadata: *const u8,
    pub flags: i64,
    pub n_children: i64,
    pub children: *mut *mut ArrowSchema,
    pub dictionary: *mut ArrowSchema,
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArray {
    pub length: i64,
    pub null_count: i64,
    pub offset: i64,
    pub n_buffers: i64,
    pub n_children: i64,
    pub buffers: *const *const c_void,
    pub children: *mut *mut ArrowArray,
    pub dictionary: *mut ArrowArray,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowStream {
    pub get_schema: unsafe extern "C" fn(*mut ArrowStream, *mut ArrowSchema) -> c_int,
    pub get_next: unsafe extern "C" fn(*mut ArrowStream, *mut ArrowArray) -> c_int,
    pub get_last_error: unsafe extern "C" fn(*mut ArrowStream) -> *const c_char,
    pub release: Option<unsafe extern "C" fn(*mut ArrowStream)>,
    pub private_data: *mut c_void,
}
