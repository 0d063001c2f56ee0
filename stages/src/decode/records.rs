//! Lists of records: CloudTrail's files, Lambda's events, S3's notifications, plain JSON arrays.

use super::{Context, DecodeError, Decoder, Frame};
use crate::json::Reader;

impl Decoder<'_> {
    /// `{"Records":[…], …}`, read as it comes.
    pub(super) fn records_member<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        reader.enter_object()?;
        let mut first = true;
        while let Some(key) = reader.member(&mut first)? {
            if key.raw == "Records" && reader.peek() == b'[' {
                let frame = Frame { parent: Some(context.frame), name: "records", index: None };
                self.records(reader, context.inside(&frame))?;
            } else {
                reader.skip()?;
            }
        }
        Ok(())
    }

    /// A list: each item is a value of its own.
    pub(super) fn records<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        reader.enter_array()?;
        let mut first = true;
        let mut index = 0;
        while reader.item(&mut first)? {
            let frame = Frame { index: Some(index), parent: context.frame.parent, name: context.frame.name };
            let context = Context { frame: &frame, ..context };
            if reader.peek() == b'{' {
                self.json(reader, context)?;
            } else {
                let text = reader.skip()?;
                self.report(DecodeError::NotAnObject, text, context)?;
            }
            index += 1;
        }
        Ok(())
    }
}
