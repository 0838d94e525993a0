//! The two check characters: Reed-Solomon over GF(32), a shortened [29, 27]
//! code of distance 3, so every error in one or two characters is caught, and
//! with it every swap of two characters. Nothing is ever corrected: a person
//! who mistyped is told so.
//!
//! The field is GF(2)\[x\] / (x^5 + x^2 + 1); the generator has the roots 1 and
//! x. The first character of a label is the coefficient of the highest power.

/// One character of a label as a field element, 0 to 31.
pub(crate) type Symbol = u8;

/// The low bits of the field's polynomial, x^5 = x^2 + 1.
const REDUCTION: u8 = 0b00101;

/// Multiplies by x, the root of the field's polynomial.
fn times_x(a: Symbol) -> Symbol {
    let shifted = a << 1;
    if shifted & 0b10_0000 == 0 { shifted } else { (shifted ^ REDUCTION) & 0b1_1111 }
}

/// The check symbols that follow `message`.
///
/// They are the remainder of message(x) * x^2 by
/// g(x) = (x + 1)(x + a) = x^2 + (a + 1) x + a, with a the root called x above.
pub(crate) fn check_symbols(message: impl IntoIterator<Item = Symbol>) -> [Symbol; 2] {
    let (mut high, mut low) = (0, 0);
    for symbol in message {
        let feedback = symbol ^ high;
        high = low ^ times_x(feedback) ^ feedback;
        low = times_x(feedback);
    }
    [high, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word() -> Vec<Symbol> {
        let mut word: Vec<Symbol> = (0..27).map(|i| (i * 7 + 3) % 32).collect();
        word.extend(check_symbols(word.clone()));
        word
    }

    fn holds(word: &[Symbol]) -> bool {
        check_symbols(word[..27].iter().copied()) == word[27..]
    }

    /// The code is linear, so whether an error is caught does not depend on the
    /// word: trying every error pattern once is a proof.
    #[test]
    fn every_error_of_one_or_two_characters_is_caught() {
        let word = word();
        assert!(holds(&word));
        for i in 0..29 {
            for a in 1..32 {
                let mut one = word.clone();
                one[i] ^= a;
                assert!(!holds(&one), "position {i}, error {a}");
                for j in i + 1..29 {
                    for b in 1..32 {
                        let mut two = one.clone();
                        two[j] ^= b;
                        assert!(!holds(&two), "positions {i} and {j}, errors {a} and {b}");
                    }
                }
            }
        }
    }
}
