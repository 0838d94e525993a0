//! The second form of a signature, which anybody can make of the first.

/// The order of the group of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Of (r, s) the other signature that verifies, (r, n - s), all big-endian.
pub fn malleated(signature: &mut [u8]) {
    let mut borrow = 0;
    for at in (0..32).rev() {
        let (first, under) = ORDER[at].overflowing_sub(signature[32 + at]);
        let (second, under_too) = first.overflowing_sub(borrow);
        signature[32 + at] = second;
        borrow = u8::from(under || under_too);
    }
}
