//! Payloads in base64, as Lambda and captures hand them on.

use super::{Context, DecodeError, Decoder, Frame};
use crate::json::Raw;
use base64::{Engine, engine::general_purpose::STANDARD};

impl Decoder<'_> {
    /// A JSON string of base64 that holds a payload.
    pub(super) fn base64_payload(
        &mut self,
        data: Option<Raw<'_>>,
        name: &'static str,
        index: Option<u64>,
        context: Context<'_, '_>,
    ) -> Result<(), DecodeError> {
        let text = data.and_then(Raw::str).ok_or(DecodeError::Missing("data in base64"))?.text();
        let bytes = STANDARD.decode(text.as_bytes()).map_err(DecodeError::Base64)?;
        let frame = Frame { parent: Some(context.frame), name, index };
        self.payload(&bytes, context.inside(&frame));
        Ok(())
    }
}
