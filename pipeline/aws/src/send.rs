//! Sending: packs within a service's limits, only what failed again, until a deadline.

use crate::{
    limits::{BACKOFF_FIRST, BACKOFF_MAX, CALL_TIME_MAX, CALLS_AT_ONCE_MAX},
    port::{CallError, Called},
};
use futures_util::{StreamExt, stream};
use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

/// Until when to try, and how often it was tried again.
#[derive(Debug)]
pub struct Patience {
    /// No call begins after this.
    pub until: Instant,
    retries: Mutex<BTreeMap<&'static str, u64>>,
}

impl Patience {
    /// Patience until a moment.
    pub fn until(until: Instant) -> Patience {
        Patience { until, retries: Mutex::default() }
    }

    /// Calls that were made again, by what they do.
    pub fn retries(&self) -> BTreeMap<&'static str, u64> {
        self.retries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits before the next attempt; false if there is no time for one.
    async fn pause(&self, action: &'static str, n_attempts: u32) -> bool {
        let pause = longest_pause(n_attempts).mul_f64(fastrand::f64());
        if Instant::now() + pause >= self.until {
            return false;
        }
        *self.retries.lock().unwrap_or_else(PoisonError::into_inner).entry(action).or_default() += 1;
        sleep(pause).await;
        true
    }

    /// One attempt. An answer that does not come in time is a failure, and nobody knows what became of the call.
    async fn attempt<T>(&self, action: &'static str, call: impl Future<Output = Called<T>>) -> Called<T> {
        let time = CALL_TIME_MAX.min(self.until.saturating_duration_since(Instant::now()));
        let unanswered = |_| CallError {
            action,
            resource: "the service".to_owned(),
            words: format!("no answer within {} ms", time.as_millis()),
            may_pass: true,
        };
        timeout(time, call).await.map_err(unanswered)?
    }

    /// Makes a call until it succeeds, cannot, or time is up.
    pub async fn call<T, F>(&self, action: &'static str, mut call: impl FnMut() -> F) -> Called<T>
    where
        F: Future<Output = Called<T>>,
    {
        for n_attempts in 0.. {
            match self.attempt(action, call()).await {
                Err(error) if error.may_pass && self.pause(action, n_attempts).await => {}
                answer => return answer,
            }
        }
        unreachable!("the loop has no end")
    }

    /// Sends packs of items, some at a time; each call answers with the places, within its pack, of what failed.
    /// Returns the items that were not confirmed.
    pub async fn send<I, F>(
        &self,
        action: &'static str,
        packs: Vec<Vec<I>>,
        call: impl Fn(Vec<I>) -> F,
    ) -> Vec<(I, CallError)>
    where
        I: Clone,
        F: Future<Output = Called<Vec<(usize, CallError)>>>,
    {
        let sent = packs.into_iter().map(|pack| self.send_pack(action, pack, &call));
        stream::iter(sent).buffer_unordered(CALLS_AT_ONCE_MAX).concat().await
    }

    async fn send_pack<I, F>(
        &self,
        action: &'static str,
        mut pack: Vec<I>,
        call: &impl Fn(Vec<I>) -> F,
    ) -> Vec<(I, CallError)>
    where
        I: Clone,
        F: Future<Output = Called<Vec<(usize, CallError)>>>,
    {
        let mut refused = Vec::new();
        for n_attempts in 0.. {
            let failed = match self.attempt(action, call(pack.clone())).await {
                Ok(failed) => failed,
                Err(error) => (0..pack.len()).map(|at| (at, error.clone())).collect(),
            };
            let failed = failed.into_iter().filter_map(|(at, error)| Some((pack.get(at)?.clone(), error)));
            let (again, never): (Vec<_>, Vec<_>) = failed.partition(|(_, error)| error.may_pass);
            refused.extend(never);
            if again.is_empty() {
                return refused;
            }
            if !self.pause(action, n_attempts).await {
                refused.extend(again);
                return refused;
            }
            pack = again.into_iter().map(|(item, _)| item).collect();
        }
        refused
    }
}

/// The longest that the pause after so many earlier attempts may be; full jitter takes any part of it, so that many who
/// were refused together do not come back together.
pub(crate) fn longest_pause(n_attempts: u32) -> Duration {
    BACKOFF_FIRST.saturating_mul(2u32.saturating_pow(n_attempts)).min(BACKOFF_MAX)
}

/// Items in packs of so many items and bytes; an item that is larger than a pack has one of its own.
pub fn packs<I>(
    items: impl IntoIterator<Item = I>,
    n_max: usize,
    n_bytes_max: usize,
    n_bytes: impl Fn(&I) -> usize,
) -> Vec<Vec<I>> {
    let mut packs: Vec<Vec<I>> = Vec::new();
    let mut room = 0;
    for item in items {
        let size = n_bytes(&item);
        match packs.last_mut().filter(|pack| pack.len() < n_max && size <= room) {
            Some(pack) => pack.push(item),
            None => {
                packs.push(vec![item]);
                room = n_bytes_max;
            }
        }
        room = room.saturating_sub(size);
    }
    packs
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn packs_keep_to_both_limits() {
        for (sizes, n_max, n_bytes_max, expected) in [
            (vec![], 3, 10, vec![]),
            (vec![1, 1, 1, 1], 3, 10, vec![vec![1, 1, 1], vec![1]]),
            (vec![5, 5, 1], 3, 10, vec![vec![5, 5], vec![1]]),
            (vec![11, 1, 9, 1], 3, 10, vec![vec![11], vec![1, 9], vec![1]]),
        ] {
            assert_eq!(packs(sizes, n_max, n_bytes_max, |size| *size), expected);
        }
    }

    fn failure(may_pass: bool) -> CallError {
        CallError { action: "try", resource: "it".into(), words: "no".into(), may_pass }
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_failed_is_sent_again() {
        let calls = Mutex::new(Vec::new());
        let patience = Patience::until(Instant::now() + Duration::from_secs(30));
        let failed = patience
            .send("try", vec![vec![1, 2, 3, 4]], |pack: Vec<i32>| {
                calls.lock().unwrap().push(pack.clone());
                let first = calls.lock().unwrap().len() == 1;
                async move {
                    // Of the first call 2 may pass later; 3 never will.
                    Ok(if first { vec![(1, failure(true)), (2, failure(false))] } else { vec![] })
                }
            })
            .await;
        assert_eq!(*calls.lock().unwrap(), [vec![1, 2, 3, 4], vec![2]]);
        assert_eq!(failed.iter().map(|(item, _)| *item).collect::<Vec<_>>(), [3]);
        assert_eq!(patience.retries(), BTreeMap::from([("try", 1)]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_is_a_failure_and_time_ends_all() {
        let patience = Patience::until(Instant::now() + Duration::from_secs(12));
        let began = Instant::now();
        let failed = patience
            .send("try", vec![vec![1, 2]], |_| async {
                sleep(Duration::from_secs(3_600)).await;
                Ok(vec![])
            })
            .await;
        assert_eq!(failed.len(), 2);
        assert!(began.elapsed() <= Duration::from_secs(12), "{:?}", began.elapsed());
        assert!(failed[0].1.words.contains("no answer"), "{}", failed[0].1);
    }
}
