//! How rows are encoded, table by table, and a file of them in memory.

use super::Closed;
use kinescope_schemas::{Column, Kind, Table, tables::base};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::properties::{EnabledStatistics, WriterProperties, WriterVersion},
    schema::types::ColumnPath,
};

/// Rows of a row group.
const ROW_GROUP_ROWS_MAX: usize = 131_072;
/// Bytes of a page before it is compressed: one of each column is held, and grown to step by step. A column that ends a
/// page before its row group ends keeps a compressor from then on, which takes as much again. A little less than
/// 512 KiB: the encoder asks for that much, then for a little more, and a larger piece of memory would be found and filled.
const PAGE_BYTES_MAX: usize = 500_000;
/// Rows of a page. With fewer more columns end a page before their row group ends, with more the numbers of a dictionary,
/// eight bytes each while a page is under way, take more than the compressor that is saved.
const PAGE_ROWS_MAX: usize = 40_000;

/// Rows of one table as a Parquet file; `None` if there are none.
pub fn parquet(rows: &[Closed]) -> Result<Option<Vec<u8>>, ParquetError> {
    let Some(first) = rows.first() else { return Ok(None) };
    let schema = first.table.spec().schema.clone();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties(first.table)))?;
    for closed in rows {
        writer.write(&closed.batch)?;
    }
    writer.into_inner().map(Some)
}

/// Columns of which nearly every value is another: no dictionary is begun for them. Their lengths lie apart from them:
/// between them the compressor would take them for text that repeats, at a cost in time and bytes.
const NEVER_REPEAT: &[&str] = &[
    "metadata_uid",
    "api_request_uid",
    "finding_info_uid",
    "api_request_data",
    "api_response_data",
    "resources",
    "evidences",
    "finding_info_related_events",
    "message",
];
/// Texts of few values. Their numbers in a dictionary are as short as they can be: compressing them saves one byte in a
/// hundred of a file, and holds half a megabyte for each column.
const FEW_VALUES: &[&str] = &[
    "severity_reason",
    "category",
    "status_code",
    "cloud_account_uid",
    "cloud_region",
    "metadata_product_name",
    "metadata_product_feature_name",
    "metadata_product_version",
    "metadata_event_code",
    "metadata_log_name",
    "api_operation",
    "api_service_name",
    "api_version",
    "api_response_error",
    "actor_user_type",
    "actor_user_account_uid",
    "actor_invoked_by",
    "actor_idp_name",
    "src_endpoint_svc_name",
    "dst_endpoint_svc_name",
    "service_name",
    "http_request_http_method",
    "http_request_url_scheme",
    "http_request_version",
    "tls_version",
    "tls_cipher",
    "finding_info_title",
    "finding_info_types",
    "finding_info_analytic_uid",
    "finding_info_analytic_name",
    "metadata_product_uid",
    "namespace",
    "metric",
    "unit",
    "origin",
    "level",
    "log_format",
    "lambda_type",
    "kind",
];

/// Encodings by what a column holds: times come almost in order, so their differences are small; only what row groups
/// are told apart by has statistics.
pub(super) fn properties(table: Table) -> WriterProperties {
    let columns = &table.spec().columns;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_data_page_size_limit(PAGE_BYTES_MAX)
        .set_data_page_row_count_limit(PAGE_ROWS_MAX)
        // Pages of the second version, whose values are compressed where they lie: for the first they are copied behind
        // their levels, and what they are compressed to is allocated twice. Its encodings are not taken with it.
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_encoding(Encoding::PLAIN)
        .set_statistics_enabled(EnabledStatistics::None);
    for column in columns {
        let path = ColumnPath::from(column.name.as_str());
        let few = has_few_values(column);
        let is_text = column.kind.arrow() == arrow_schema::DataType::Utf8;
        // Other numbers are small as they are, and looking each up costs more than writing it.
        let repeats = is_text && !NEVER_REPEAT.contains(&&*column.name);
        builder = builder.set_column_dictionary_enabled(path.clone(), few || repeats);
        if few {
            builder = builder.set_column_compression(path, Compression::UNCOMPRESSED);
        } else if is_text && !repeats {
            builder = builder.set_column_encoding(path, Encoding::DELTA_LENGTH_BYTE_ARRAY);
        }
    }
    for slot in [base::TIME, base::TIME_DT, base::SEVERITY_ID, base::CLASS_UID] {
        let path = ColumnPath::from(columns[slot].name.as_str());
        builder = builder.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
    }
    for slot in [base::TIME, base::TIME_DT] {
        let path = ColumnPath::from(columns[slot].name.as_str());
        builder = builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    builder.build()
}

/// Whether a column has flags, the numbers of OCSF's lists, or texts that are few.
fn has_few_values(column: &Column) -> bool {
    let is_number = matches!(column.kind, Kind::Int | Kind::Long);
    let is_of_a_list = is_number && (column.name.ends_with("_id") || column.name.ends_with("_uid"));
    column.kind == Kind::Bool || is_of_a_list || FEW_VALUES.contains(&&*column.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that no column has would leave its column to what is usual.
    #[test]
    fn every_name_is_a_column() {
        let is_column = |name: &str| {
            Table::ALL.iter().any(|table| table.spec().columns.iter().any(|column| column.name == name))
        };
        for name in NEVER_REPEAT.iter().chain(FEW_VALUES) {
            assert!(is_column(name), "{name}");
        }
    }
}
