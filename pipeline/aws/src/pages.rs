//! Reading the table: each page is a call of its own, so that a long answer is not begun anew for want of one page.

use crate::{
    limits::DYNAMODB_KEYS_MAX,
    port::{Aws, Called, Item, Range},
    send::Patience,
};

/// The items of a range, page by page.
pub async fn query<A: Aws>(
    aws: &A,
    table: &str,
    patience: &Patience,
    action: &'static str,
    mut range: Range,
) -> Called<Vec<Item>> {
    let mut items = Vec::new();
    loop {
        let page = patience.call(action, || aws.query(table, range.clone())).await?;
        items.extend(page.items);
        let n_max = range.n_max.unwrap_or(usize::MAX);
        match page.next {
            Some(next) if items.len() < n_max => range.after = Some(next),
            _ => {
                // Each page may have so many.
                items.truncate(n_max);
                return Ok(items);
            }
        }
    }
}

/// Those of the keys that are there.
pub async fn get<A: Aws>(
    aws: &A,
    table: &str,
    patience: &Patience,
    action: &'static str,
    keys: &[(String, String)],
) -> Called<Vec<Item>> {
    let mut items = Vec::new();
    for keys in keys.chunks(DYNAMODB_KEYS_MAX) {
        let mut keys = keys.to_vec();
        while !keys.is_empty() {
            let got = patience.call(action, || aws.get_items(table, keys.clone())).await?;
            items.extend(got.items);
            keys = got.left;
        }
    }
    Ok(items)
}
