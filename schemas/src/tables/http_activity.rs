//! Application load balancers and S3 server access logs.

/// Documentation of the table.
pub const DOC: &str = "HTTP activity (4002): one row a request, as an application load balancer or S3 server access \
logging recorded it. Bytes in and out are counted from the client.";

columns! { super::base::END;
    /// Method as the client wrote it.
    HTTP_METHOD "http_request.http_method" Text;
    /// The whole URL.
    URL_STRING "http_request.url.url_string" Text;
    /// Its scheme.
    URL_SCHEME "http_request.url.scheme" Text;
    /// Its host.
    URL_HOSTNAME "http_request.url.hostname" Text;
    /// Its port.
    URL_PORT "http_request.url.port" Int;
    /// Its path.
    URL_PATH "http_request.url.path" Text;
    /// Its query.
    URL_QUERY "http_request.url.query_string" Text;
    /// HTTP version.
    HTTP_VERSION "http_request.version" Text;
    /// userAgent, as the client wrote it.
    HTTP_USER_AGENT "http_request.user_agent" Text;
    /// Trace or request id.
    HTTP_REQUEST_UID "http_request.uid" Text;
    /// Referrer, as the client wrote it.
    HTTP_REFERRER "http_request.referrer" Text;
    /// Status code that the client got, 0 if none.
    HTTP_CODE "http_response.code" Int;
    /// Time to the first byte and the whole answer, milliseconds.
    HTTP_LATENCY "http_response.latency" Int;
    /// The whole duration in milliseconds.
    DURATION "duration" Long;
    /// Start of the request, milliseconds since 1970.
    START_TIME "start_time" Long;
    /// End of the request.
    END_TIME "end_time" Long;
    /// Client address.
    SRC_ENDPOINT_IP "src_endpoint.ip" Text;
    /// Client port.
    SRC_ENDPOINT_PORT "src_endpoint.port" Int;
    /// The load balancer, or the bucket.
    DST_ENDPOINT_NAME "dst_endpoint.name" Text;
    /// Host name that the client asked for.
    DST_ENDPOINT_HOSTNAME "dst_endpoint.hostname" Text;
    /// Bytes sent to the client.
    TRAFFIC_BYTES_IN "traffic.bytes_in" Long;
    /// Bytes the client sent.
    TRAFFIC_BYTES_OUT "traffic.bytes_out" Long;
    /// Both.
    TRAFFIC_BYTES "traffic.bytes" Long;
    /// TLS version.
    TLS_VERSION "tls.version" Text;
    /// TLS cipher.
    TLS_CIPHER "tls.cipher" Text;
    /// TLS server name.
    TLS_SNI "tls.sni" Text;
    /// Load balancer's name.
    LB_NAME "load_balancer.name" Text;
    /// Status code of the target.
    LB_CODE "load_balancer.code" Int;
    /// Address of the target.
    LB_DST_IP "load_balancer.dst_endpoint.ip" Text;
    /// Port of the target.
    LB_DST_PORT "load_balancer.dst_endpoint.port" Int;
    /// Why the load balancer failed the request.
    LB_ERROR_MESSAGE "load_balancer.error_message" Text;
    /// How it classified the request.
    LB_CLASSIFICATION "load_balancer.classification" Text;
    /// ARN of the target group.
    TARGET_GROUP "unmapped.target_group_arn" Text;
    /// S3: who asked, an ARN, a canonical id, or nobody.
    REQUESTER "unmapped.requester" Text;
    /// S3: the operation, such as REST.GET.OBJECT.
    OPERATION "unmapped.operation" Text;
    /// S3: the object's key.
    OBJECT_KEY "unmapped.object_key" Text;
}
