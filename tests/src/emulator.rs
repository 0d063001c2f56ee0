//! Emulators of AWS, each a process of its own on a free port of this machine, which ends with the value that holds it.

use crate::{
    binary::{self, repository},
    http::Message,
};
use serde_json::{Value, json};
use std::{
    env,
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Where everything is said to be.
pub const REGION: &str = "eu-west-1";
/// How long an emulator may take to begin, on a machine that is busy.
const START_MAX: Duration = Duration::from_secs(180);

/// An emulator that runs.
pub struct Emulator {
    child: Child,
    // Its log and its files; goes away with it.
    _folder: TempDir,
    /// The port that it listens on.
    pub port: u16,
    /// The access key, which the emulators take for an account.
    pub account: String,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has seen then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn python_tool(name: &str) -> PathBuf {
    let venv =
        env::var_os("KINESCOPE_VENV_AWS").map_or_else(|| repository().join(".venv-aws"), PathBuf::from);
    let tool = venv.join("bin").join(name);
    assert!(tool.exists(), "there is no {}: run tests/setup-aws", tool.display());
    tool
}

impl Emulator {
    /// ministack: most of AWS, without resharding, throttling or log subscriptions.
    #[track_caller]
    pub fn ministack() -> Emulator {
        let port = free_port();
        let mut command = Command::new(python_tool("ministack"));
        command.env("GATEWAY_PORT", port.to_string()).env("BIND_HOST", "127.0.0.1");
        command.env("SFTP_ENABLED", "0").env("IOT_MTLS_ENABLED", "0").env("LAMBDA_EXECUTOR", "local");
        command.env("ATHENA_ENGINE", "duckdb").env("DOCKER_HOST", "unix:///nonexistent");
        Emulator::start(command, port, "/_ministack/health", "tests/setup-aws")
    }

    /// moto: delivers what CloudWatch Logs puts on a stream, in its own envelope.
    #[track_caller]
    pub fn moto() -> Emulator {
        let port = free_port();
        let mut command = Command::new(python_tool("moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        Emulator::start(command, port, "/moto-api/data.json", "tests/setup-aws")
    }

    /// kinesis-local: Kinesis alone, which splits and merges shards as the service does.
    #[track_caller]
    pub fn kinesis() -> Emulator {
        let (port, tls_port) = (free_port(), free_port());
        let node = repository().join("tests/node");
        let package = node.join("node_modules/kinesis-local");
        assert!(package.exists(), "there is no {}: run tests/setup-node", package.display());
        let mut command = Command::new("node");
        command.arg("--require").arg(node.join("loopback.js")).arg(package.join("main.js"));
        command.env("KINESIS_MOCK_CERT_PATH", package.join("server.json"));
        command.env("KINESIS_MOCK_PLAIN_PORT", port.to_string());
        command.env("KINESIS_MOCK_TLS_PORT", tls_port.to_string()).current_dir(package);
        Emulator::start(command, port, "/healthcheck", "tests/setup-node")
    }

    #[track_caller]
    fn start(mut command: Command, port: u16, health: &str, setup: &str) -> Emulator {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let file = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        if command.get_current_dir().is_none() {
            command.current_dir(folder.path());
        }
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; run {setup}"));
        let account = format!("{:012}", fastrand::u64(100_000_000_000..1_000_000_000_000));
        let mut emulator = Emulator { child, _folder: folder, port, account };
        let deadline = Instant::now() + START_MAX;
        let ask = Message::request("GET", health, &[("host", "localhost")], b"");
        while !ask.send(port).is_ok_and(|answer| answer.status() == 200) {
            let ended = emulator.child.try_wait().unwrap().is_some();
            let said = || fs::read_to_string(&log).unwrap();
            assert!(!ended && Instant::now() < deadline, "{command:?} does not run; try {setup}\n{}", said());
            thread::park_timeout(Duration::from_millis(20));
        }
        emulator
    }

    /// A command of the binary that knows AWS, which finds this emulator there.
    pub fn kinescope(&self) -> Command {
        self.kinescope_at(self.port)
    }

    /// The same by way of a port in between.
    pub fn kinescope_at(&self, port: u16) -> Command {
        let mut command = binary::kinescope_aws();
        command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"));
        command.env("AWS_ACCESS_KEY_ID", &self.account).env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_REGION", REGION).env("AWS_EC2_METADATA_DISABLED", "true");
        // Nothing of the user's own.
        for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            command.env(name, "/dev/null");
        }
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"] {
            command.env_remove(name);
        }
        command
    }

    fn authorization(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host;x-amz-date, Signature={}",
            self.account,
            "0".repeat(64)
        )
    }

    /// Calls an operation of a service that speaks JSON, such as `Kinesis_20131202.CreateStream`.
    #[track_caller]
    pub fn call(&self, operation: &str, body: &Value) -> Value {
        let (service, version) = match operation.split_once('.').unwrap().0 {
            "Kinesis_20131202" => ("kinesis", "1.1"),
            "Logs_20140328" => ("logs", "1.1"),
            "DynamoDB_20120810" => ("dynamodb", "1.0"),
            other => panic!("{other} has no service here yet"),
        };
        let kind = format!("application/x-amz-json-{version}");
        let (authorization, host) =
            (self.authorization(service), format!("{service}.{REGION}.amazonaws.com"));
        let headers = [
            ("host", host.as_str()),
            ("x-amz-target", operation),
            ("content-type", kind.as_str()),
            ("x-amz-date", "20260101T000000Z"),
            ("authorization", authorization.as_str()),
        ];
        let answer =
            Message::request("POST", "/", &headers, body.to_string().as_bytes()).send(self.port).unwrap();
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status(), 200, "{operation}: {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    /// Makes a bucket.
    #[track_caller]
    pub fn create_bucket(&self, name: &str) {
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        self.put(&format!("/{name}"), place.as_bytes());
    }

    /// Makes an object, whose path is encoded as in a URL.
    #[track_caller]
    pub fn put(&self, path: &str, body: &[u8]) {
        let authorization = self.authorization("s3");
        let host = format!("127.0.0.1:{}", self.port);
        let headers = [
            ("host", host.as_str()),
            ("authorization", authorization.as_str()),
            ("x-amz-date", "20260101T000000Z"),
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ];
        let answer = Message::request("PUT", path, &headers, body).send(self.port).unwrap();
        assert_eq!(answer.status(), 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    }

    /// Makes a stream, and waits until it can be used.
    #[track_caller]
    pub fn create_stream(&self, name: &str, n_shards: u32) {
        self.call("Kinesis_20131202.CreateStream", &json!({"StreamName": name, "ShardCount": n_shards}));
        self.wait_for_stream(name);
    }

    /// Waits until a stream is active.
    #[track_caller]
    pub fn wait_for_stream(&self, name: &str) {
        let deadline = Instant::now() + START_MAX;
        loop {
            let answer = self.call("Kinesis_20131202.DescribeStreamSummary", &json!({"StreamName": name}));
            if answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE" {
                return;
            }
            assert!(Instant::now() < deadline, "{answer}");
            thread::park_timeout(Duration::from_millis(50));
        }
    }
}
