//! The binary, as a user has it.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

/// What a binary is built with.
#[derive(Clone, Copy)]
enum Build {
    /// Nothing besides.
    Plain,
    /// The feature `aws`.
    Aws,
}

/// The binary's path; it is built once a test process, so that it is never stale.
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| build(Build::Plain))
}

/// The same of the binary that knows AWS.
fn path_aws() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| build(Build::Aws))
}

/// Builds it with the profile that this test was built with, and puts it beside it. Both kinds come out of the build by
/// one name, so that they get names of their own while no other test builds.
fn build(kind: Build) -> PathBuf {
    // target/<profile>/deps/<test>
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let lock = File::create(folder.join("kinescope.lock")).unwrap();
    lock.lock().unwrap();
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // What cargo tells a test of its own package would make build scripts that look at it run again, and all that is built
    // on them: the SDK's TLS, for one.
    for name in env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            build.env_remove(name);
        }
    }
    // With the features that all of the workspace has: what the tests are made of is built already.
    build.args(["build", "--quiet", "--workspace", "--bin", "kinescope", "--profile", profile]);
    let name = match kind {
        Build::Plain => "plain",
        Build::Aws => {
            build.args(["--features", "kinescope/aws"]);
            "aws"
        }
    };
    build.arg("--target-dir").arg(folder.parent().unwrap());
    let status = build.current_dir(repository()).status().unwrap();
    assert!(status.success(), "the binary does not build");
    let own = folder.join("tests").join(name);
    fs::create_dir_all(&own).unwrap();
    let (new, binary) = (own.join("new"), own.join("kinescope"));
    // The linker writes a new file every time, so that one that runs keeps its content.
    let _ = fs::remove_file(&new);
    fs::hard_link(folder.join("kinescope"), &new).unwrap();
    fs::rename(&new, &binary).unwrap();
    binary
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A command of the binary, with words for people in plain text.
pub fn kinescope() -> Command {
    let mut command = Command::new(path());
    command.env("NO_COLOR", "1");
    command
}

/// The same of the binary that knows AWS.
pub fn kinescope_aws() -> Command {
    let mut command = Command::new(path_aws());
    command.env("NO_COLOR", "1");
    command
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; `None` of a command that was killed.
    pub code: Option<i32>,
    /// What it printed for programs.
    pub out: String,
    /// What it printed for people.
    pub err: String,
}

impl Ran {
    /// Of what a process left.
    pub fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts how it ended.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    /// Asserts that it tells people so.
    #[track_caller]
    pub fn says(self, words: &str) -> Ran {
        assert!(self.err.contains(words), "stderr does not say {words:?}:\n{}", self.err);
        self
    }

    /// Asserts that it prints so.
    #[track_caller]
    pub fn prints(self, words: &str) -> Ran {
        assert!(self.out.contains(words), "stdout does not have {words:?}:\n{}", self.out);
        self
    }
}

/// Runs the binary to its end.
pub fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Ran {
    Ran::of(kinescope().args(args).stdin(Stdio::null()).output().unwrap())
}

/// Runs it on what is given to its standard input.
pub fn run_on<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>, input: &[u8]) -> Ran {
    let mut command = kinescope();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // Whoever does not read all of it has ended, which its exit code tells.
        scope.spawn(move || stdin.write_all(input).is_ok());
        Ran::of(child.wait_with_output().unwrap())
    })
}

/// `kinescope process` of `inputs` into `out`, which must succeed.
#[track_caller]
pub fn process(inputs: &[&Path], out: &Path) -> Ran {
    run(process_args(inputs, out)).ends_with(0)
}

/// The same under a limit that a shell sets, such as `ulimit -f 100`, however it ends.
pub fn limited(limit: &str, inputs: &[&Path], out: &Path) -> Ran {
    let mut shell = Command::new("sh");
    // A file that grows too long is an error, not the end.
    shell.args(["-c", &format!("trap '' XFSZ; {limit}; exec \"$0\" \"$@\"")]).arg(path());
    shell.args(process_args(inputs, out)).env("NO_COLOR", "1").stdin(Stdio::null());
    Ran::of(shell.output().unwrap())
}

/// The arguments of `kinescope process`.
pub fn process_args<'p>(inputs: &[&'p Path], out: &'p Path) -> Vec<&'p OsStr> {
    let mut args = vec![OsStr::new("process")];
    args.extend(inputs.iter().map(|path| path.as_os_str()));
    args.extend([OsStr::new("--out"), out.as_os_str()]);
    args
}
