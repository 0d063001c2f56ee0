//! Reaching AWS from a machine: credentials and Region as the SDK finds them, a runtime to wait on, and faults with
//! words that say which resource refused what.

use crate::{Sdk, sdk};
use aws_config::{SdkConfig, timeout::TimeoutConfig};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
    sync::watch,
};

mod fault;

pub use fault::{Fault, Kind};
pub(crate) use fault::{chain, kind_of_code};

/// What one request may take, its answer of up to 10 MB included.
const ATTEMPT_SECONDS_MAX: u64 = 60;

/// Why AWS cannot be asked for anything. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No thread to wait on.
    #[error("start the threads that talk to AWS: {0}")]
    Runtime(#[source] io::Error),
    /// No Region.
    #[error("find the AWS Region: set AWS_REGION, or a region in the profile that AWS_PROFILE names")]
    Region,
}

/// A way to AWS.
#[derive(Clone)]
pub struct Access {
    pub(crate) config: SdkConfig,
    pub(crate) runtime: Arc<Runtime>,
}

impl Access {
    /// Finds credentials, Region and endpoints as every tool of AWS does: environment, profile, instance.
    pub fn find() -> Result<Access, AccessError> {
        // One thread does the talking; whoever needs an answer waits on its own.
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(AccessError::Runtime)?;
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(ATTEMPT_SECONDS_MAX));
        // What can be tried again is tried by us: an answer to many records may have to be taken apart first.
        let config = runtime.block_on(sdk::loader().timeout_config(timeouts.build()).load());
        if config.region().is_none() {
            return Err(AccessError::Region);
        }
        Ok(Access { config, runtime: Arc::new(runtime) })
    }

    /// The clients.
    pub fn sdk(&self) -> Sdk {
        Sdk::new(&self.config)
    }

    /// Waits for an answer.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Becomes true when the process is asked to stop, by SIGINT or SIGTERM; a second signal ends it at once.
    pub fn stop_signal(&self) -> Result<Stop, AccessError> {
        let _in_runtime = self.runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt()).map_err(AccessError::Runtime)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(AccessError::Runtime)?;
        let (asked, stop) = watch::channel(false);
        self.runtime.spawn(async move {
            const EXIT_CODE_OF_INTERRUPT: i32 = 130;
            let mut n_asked = 0;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                n_asked += 1;
                if n_asked > 1 {
                    // What is not published is taken away by the next run.
                    std::process::exit(EXIT_CODE_OF_INTERRUPT);
                }
                // Whoever waits no longer is stopping already.
                let _ = asked.send(true);
            }
        });
        Ok(Stop(stop))
    }
}

/// Whether the process was asked to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Whether it was.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is.
    pub(crate) async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            // Nobody can ask any more.
            std::future::pending::<()>().await;
        }
    }
}
