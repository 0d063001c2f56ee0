//! CloudWatch alarms that change their state.

use super::{Place, ServiceEvent};
use crate::world::APPS;

pub(super) fn state_change(place: &mut Place<'_>) -> ServiceEvent {
    let Place { account, region, clock, random } = place;
    let app = APPS[random.skewed(APPS.len())];
    let is_alarm = random.one_in(2);
    let (now, before) = if is_alarm { ("ALARM", "OK") } else { ("OK", "ALARM") };
    let (reason, value) = match is_alarm {
        true => ("Threshold Crossed: 1 datapoint was greater than the threshold (5.0).", 17),
        false => ("Threshold Crossed: 1 datapoint was not greater than the threshold (5.0).", 2),
    };
    let (time, time_before) =
        (clock.iso_ms().replace('Z', "+0000"), clock.hour_iso().replace('Z', ".000+0000"));
    let detail = format!(
        r#"{{"alarmName":"{app}-errors","configuration":{{"description":"Errors of {app}","metrics":[{{"id":"m1","metricStat":{{"metric":{{"namespace":"AWS/Lambda","name":"Errors","dimensions":{{"FunctionName":"{app}-handler"}}}},"period":60,"stat":"Sum"}},"returnData":true}}]}},"previousState":{{"value":"{before}","reason":"Threshold Crossed","timestamp":"{time_before}"}},"state":{{"value":"{now}","reason":"{reason}","reasonData":"{{\"version\":\"1.0\",\"statistic\":\"Sum\",\"period\":60,\"recentDatapoints\":[{value}.0],\"threshold\":5.0}}","timestamp":"{time}"}}}}"#
    );
    ServiceEvent {
        detail_type: "CloudWatch Alarm State Change",
        source: "aws.cloudwatch",
        resources: format!(r#"["arn:aws:cloudwatch:{region}:{account}:alarm:{app}-errors"]"#),
        detail,
    }
}
