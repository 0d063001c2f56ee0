//! What an agent's function asks and says, of AWS itself.

use super::{Sdk, failed, refused};
use crate::port::{AgentAws, BusEvent, CallError, Called, LogEvent, LogPage, LogQuery};
use aws_sdk_eventbridge::{primitives::DateTime, types::PutEventsRequestEntry};

impl AgentAws for Sdk {
    async fn filter_logs(&self, query: &LogQuery) -> Called<LogPage> {
        let call = self.logs.filter_log_events().log_group_name(&query.group);
        let call = call.filter_pattern(&query.pattern).start_time(query.from_ms).end_time(query.to_ms);
        let answer = call.set_next_token(query.next.clone()).send().await;
        let answer = answer.map_err(failed("ask the log group", &query.group))?;
        let events = answer.events.unwrap_or_default().into_iter().map(|event| LogEvent {
            id: event.event_id.unwrap_or_default(),
            stream: event.log_stream_name.unwrap_or_default(),
            time_ms: event.timestamp.unwrap_or(query.from_ms),
            message: event.message.unwrap_or_default(),
        });
        Ok(LogPage { events: events.collect(), next: answer.next_token })
    }

    async fn put_events(&self, bus: &str, events: Vec<BusEvent>) -> Called<Vec<Option<CallError>>> {
        const ACTION: &str = "put events on the bus";
        let entry = |event: BusEvent| {
            PutEventsRequestEntry::builder()
                .event_bus_name(bus)
                .source(event.source)
                .detail_type(event.detail_type)
                .detail(event.detail)
                .time(DateTime::from_millis(event.time_ms))
                .build()
        };
        let entries = events.into_iter().map(entry).collect();
        let answer = self.events.put_events().set_entries(Some(entries)).send().await;
        let answer = answer.map_err(failed(ACTION, bus))?;
        let outcome = |entry: &aws_sdk_eventbridge::types::PutEventsResultEntry| {
            let words = entry.error_message().unwrap_or("");
            entry.error_code().map(|code| refused(ACTION, bus, code, words, false))
        };
        Ok(answer.entries().iter().map(outcome).collect())
    }
}
