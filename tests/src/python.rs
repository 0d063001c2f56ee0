//! Readers and a validator that share nothing with us, in Python.

use crate::binary::repository;
use std::{
    env,
    ffi::OsStr,
    path::PathBuf,
    process::{Command, Stdio},
};

/// Runs a script of `tests/python`; what it printed. It fails by its exit code, and says why.
#[track_caller]
pub fn script<A: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = A>) -> String {
    let venv = env::var_os("KINESCOPE_VENV").map_or_else(|| repository().join(".venv"), PathBuf::from);
    let python = venv.join("bin").join("python");
    assert!(python.exists(), "there is no {}: run tests/setup-python", python.display());
    let mut command = Command::new(python);
    command.arg("-B").arg(repository().join("tests/python").join(name)).args(args);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{name} failed:\n{out}\n{err}");
    out
}
