//! Lists of records: CloudTrail's files, Lambda's events, S3's notifications, plain JSON arrays.

use super::{Context, DecodeError, Decoder, Frame, list::end_of_broken};
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
                self.item(reader, context)?;
            } else {
                let text = reader.skip()?;
                self.report(DecodeError::NotAnObject, text, context)?;
            }
            index += 1;
        }
        Ok(())
    }

    /// An object of a list. One that is broken costs those behind it nothing.
    fn item<'a>(&mut self, reader: &mut Reader<'a>, context: Context<'a, '_>) -> Result<(), DecodeError> {
        let (whole, start) = (reader.whole(), reader.at());
        let Err(error) = self.json(reader, context) else { return Ok(()) };
        let text = &whole[start..];
        let Some(end) = end_of_broken(text) else { return Err(error) };
        *reader = Reader::new(whole, start + end);
        self.report(error, &text[..end], context)
    }
}
