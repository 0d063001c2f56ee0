//! Stands between the binary and an emulator, and does what a service in trouble does.

use crate::http::Message;
use std::{
    io::{BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// What becomes of a request.
pub enum Deed {
    /// It goes through.
    Pass,
    /// It is answered here, and the emulator never sees it.
    Answer(Message),
    /// It goes through in another form, and its answer is changed on the way back.
    Change(Message, Box<dyn FnOnce(&mut Message)>),
    /// The line breaks after so many bytes of the answer.
    Cut(usize),
    /// It is never answered.
    Hang,
}

type Rule = dyn Fn(&Message) -> Deed + Send + Sync;

/// Listens on a port of its own for as long as the test runs.
pub fn proxy(upstream: u16, rule: impl Fn(&Message) -> Deed + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let rule: Arc<Rule> = Arc::new(rule);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let rule = rule.clone();
            thread::spawn(move || serve(stream.unwrap(), upstream, &*rule));
        }
    });
    port
}

/// Serves one connection until either side hangs up.
fn serve(mut stream: TcpStream, upstream: u16, rule: &Rule) {
    let mut requests = BufReader::new(stream.try_clone().unwrap());
    while let Ok(Some(request)) = Message::read(&mut requests) {
        let answer = match rule(&request) {
            Deed::Pass => request.send(upstream).unwrap(),
            Deed::Answer(answer) => answer,
            Deed::Change(request, change) => {
                let mut answer = request.send(upstream).unwrap();
                change(&mut answer);
                answer
            }
            Deed::Cut(n_bytes) => {
                let mut bytes = Vec::new();
                request.send(upstream).unwrap().write(&mut bytes).unwrap();
                // Whoever is cut off may have hung up first.
                let _ = stream.write_all(&bytes[..n_bytes.min(bytes.len())]);
                return;
            }
            Deed::Hang => {
                // Until whoever asked is gone.
                let _ = requests.read(&mut [0]);
                return;
            }
        };
        if answer.write(&mut stream).is_err() {
            return;
        }
    }
}
