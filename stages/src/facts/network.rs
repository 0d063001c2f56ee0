//! Which addresses and ports a change opens, and what a flow record shows.

use std::net::IpAddr;

/// Whether an address belongs to the Internet: neither private, nor this machine's, nor set apart for tests, several
/// receivers or the future. Addresses for documents count as public: that is what examples mean by them.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && b & 0b1100_0000 == 64;
            let is_benchmark = a == 198 && b & 0b1111_1110 == 18;
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || is_shared
                || is_benchmark
                || a == 0
                || a >= 224)
        }
        // What is given out of IPv6 is 2000::/3.
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000,
    }
}
