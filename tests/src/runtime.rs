//! What AWS Lambda is to a function's program: an address that hands out one invocation and takes what becomes of it.

use crate::http::Message;
use std::{
    io::{BufReader, Read},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// The interface's path; its version has been the same from the beginning.
const PATH: &str = "/2018-06-01/runtime/";

/// What a program said of an invocation, or how it ended without a word.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// Its answer.
    Answer(String),
    /// Its error.
    Error(String),
    /// It ended before that, and what it wrote to stderr.
    Ended(String),
}

/// Starts a program as Lambda does and invokes it once, with `left_ms` of time.
pub fn invoke(command: &mut Command, payload: &str, left_ms: i64) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (say, hear) = mpsc::channel();
    let deadline_ms = kinescope_lambda::now_ms() + left_ms;
    let next = Message {
        first: "HTTP/1.1 200 OK".to_owned(),
        headers: [
            ("lambda-runtime-aws-request-id", "one"),
            ("lambda-runtime-deadline-ms", &deadline_ms.to_string()),
            ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:111122223333:function:f"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        body: payload.as_bytes().to_vec(),
    };
    let child = command.env("AWS_LAMBDA_RUNTIME_API", address).stderr(Stdio::piped()).spawn().unwrap();
    serve(listener, next, say.clone());
    ended(child, say, hear)
}

/// Hands out the invocation once; who asks again waits for ever, as between invocations.
fn serve(listener: TcpListener, next: Message, say: Sender<Outcome>) {
    thread::spawn(move || {
        let next = Arc::new(Mutex::new(Some(next)));
        for stream in listener.incoming() {
            let (next, say) = (next.clone(), say.clone());
            thread::spawn(move || talk(stream.unwrap(), &next, &say));
        }
    });
}

/// One connection of the program's.
fn talk(mut stream: TcpStream, next: &Mutex<Option<Message>>, say: &Sender<Outcome>) {
    let mut requests = BufReader::new(stream.try_clone().unwrap());
    while let Ok(Some(request)) = Message::read(&mut requests) {
        let path = request.first.split(' ').nth(1).unwrap().strip_prefix(PATH).unwrap().to_owned();
        let body = String::from_utf8(request.body).unwrap();
        let answer = match path.as_str() {
            "invocation/next" => match next.lock().unwrap().take() {
                Some(next) => next,
                None => continue,
            },
            "invocation/one/response" => accepted(say, Outcome::Answer(body)),
            "invocation/one/error" | "init/error" => accepted(say, Outcome::Error(body)),
            other => panic!("the interface has no {other}"),
        };
        answer.write(&mut stream).unwrap();
    }
}

fn accepted(say: &Sender<Outcome>, outcome: Outcome) -> Message {
    // Nobody listens any more to what comes after the first.
    let _ = say.send(outcome);
    Message::json(202, &serde_json::json!({"status": "OK"}))
}

/// What is heard first; the program is stopped then.
fn ended(mut child: Child, say: Sender<Outcome>, hear: Receiver<Outcome>) -> Outcome {
    let mut stderr = child.stderr.take().unwrap();
    thread::spawn(move || {
        let mut words = String::new();
        stderr.read_to_string(&mut words).unwrap();
        // It holds its stderr as long as it runs.
        let _ = say.send(Outcome::Ended(words));
    });
    let outcome = hear.recv().unwrap();
    let _ = child.kill();
    child.wait().unwrap();
    outcome
}
