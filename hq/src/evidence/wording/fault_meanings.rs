//! What each fault means, in a sentence or two for somebody who sees it for the first time.

use crewseal_custody::rules::Rule;
use crewseal_custody::{DeviceId, FaultKind, FormError};

const FORK: &str =
    "A device numbers its events one by one; here two different events bear one number.";
const BROKEN_CHAIN: &str = "The event does not name the same device's event before it.";
const UNDECLARED: &str = "\
    A device whose store was restored says so in the first event of its new numbers, and nowhere \
    else. Here it did not.";
const UNKNOWN_BOXES: &str =
    "The event names boxes by a list that is not in the record, so nobody can tell which.";
const NOT_THE_HOLDER: &str = "Somebody else had these boxes at that point; nothing moved.";
const NO_SUCH_OFFER: &str = "There is no offer to this device that the acceptance answers.";
const NOT_ACCEPTED: &str = "\
    The giver signed for handing these over and the receiver did not sign for having them: the \
    giver still has them.";
const NOT_OFFERED: &str = "\
    The receiver signed for boxes that the giver never signed away: they still count as the \
    giver's.";
const UNKNOWN_ANCHOR: &str = "\
    The event says it was made after a tick of HQ's clock that HQ did not sign, so its time has \
    no proven beginning.";
const REVOCATIONS_MISSING: &str = "\
    HQ's own clock, as these events name it, tells of more revoked devices than the list in the \
    record. Ask HQ for the newest one.";
const CLOCK_DISAGREES: &str = "\
    The phone's clock and HQ's differ by more than two minutes. That accuses nobody; the proven \
    time counts.";
const NOT_DELIVERED: &str = "Somebody signed for having these boxes, and no delivery names them.";
const OFFERED_TWICE: &str =
    "The giver offered boxes again while an earlier offer of them was open.";
const ACCEPTED_TWICE: &str =
    "The receiver signed two acceptances of one offer. The first one counts.";
const WRONG_OPENING: &str = "\
    The acceptance does not open what its sender bound himself to before he saw the offer, so he \
    may have chosen which boxes he checked by hand.";
const ABANDONED_OFFERS: &str = "\
    Many offers of the same boxes to one device came to nothing. Somebody may have been trying \
    which boxes would be checked by hand.";
const CONTRADICTION: &str = "\
    The giver signed that he saw the acceptance of his offer, and that he took the same offer \
    back.";
const WRONG_RELEASE: &str = "\
    The release does not verify under any key that HQ made of the customer's codes for such an \
    act.";
const RELEASED_TWICE: &str = "\
    Each of the customer's codes confirms one act. Here one was used for two, so it confirms \
    neither.";
const SIGN_OFF_REFUSED: &str = "\
    Somebody claimed a supervisor's sign-off with a code of which HQ says that it is none of a \
    supervisor's, or was used before. It does not count.";
const NOT_CONFIRMED: &str = "\
    The customer has a code for such an act. He did not use it, and the act does not say that he \
    was absent or refused.";

/// What a fault means, in one sentence. `who` names a device.
#[must_use]
pub fn fault_meaning(fault: &FaultKind, who: impl Fn(&DeviceId) -> String) -> String {
    let meaning = match fault {
        FaultKind::Gap { device, generation, from, to } => {
            return gap(&who(device), *generation, *from, *to);
        }
        FaultKind::Broken(rule) => broken_rule_meaning(*rule),
        FaultKind::NotProvable(rule) => not_provable(*rule),
        FaultKind::Fork => FORK,
        FaultKind::BrokenChain => BROKEN_CHAIN,
        FaultKind::Undeclared => UNDECLARED,
        FaultKind::IllFormed(error) => return ill_formed(*error),
        FaultKind::UnknownBoxes => UNKNOWN_BOXES,
        FaultKind::NotTheHolder => NOT_THE_HOLDER,
        FaultKind::NoSuchOffer => NO_SUCH_OFFER,
        FaultKind::NotAccepted => NOT_ACCEPTED,
        FaultKind::NotOffered => NOT_OFFERED,
        FaultKind::UnknownAnchor => UNKNOWN_ANCHOR,
        FaultKind::RevocationsMissing => REVOCATIONS_MISSING,
        FaultKind::ClockDisagrees => CLOCK_DISAGREES,
        FaultKind::NotDelivered => NOT_DELIVERED,
        FaultKind::OfferedTwice => OFFERED_TWICE,
        FaultKind::AcceptedTwice => ACCEPTED_TWICE,
        FaultKind::WrongOpening => WRONG_OPENING,
        FaultKind::AbandonedOffers => ABANDONED_OFFERS,
        FaultKind::Contradiction => CONTRADICTION,
        FaultKind::WrongRelease => WRONG_RELEASE,
        FaultKind::ReleasedTwice => RELEASED_TWICE,
        FaultKind::SignOffRefused => SIGN_OFF_REFUSED,
        FaultKind::NotConfirmed => NOT_CONFIRMED,
    };
    meaning.to_owned()
}

/// What it means that a device signed an event without the form of its kind.
fn ill_formed(error: FormError) -> String {
    let what = match error {
        FormError::Number => "no event has its number".to_owned(),
        FormError::Kind => "its format has no such kind".to_owned(),
        FormError::Key => "the wrong key of the device signed it".to_owned(),
        FormError::Missing { field } => format!("field {field} is missing"),
        FormError::Forbidden { field } => format!("field {field} has no place in it"),
        FormError::Limit { field } => format!("field {field} is beyond its limits"),
    };
    format!(
        "The device signed an event that no app of ours makes: {what}. It says nothing of any box."
    )
}

/// What it means that events are missing between two numbers.
fn gap(device: &str, generation: u32, from: u64, to: u64) -> String {
    let last = to.saturating_sub(1);
    let which = if from == last {
        format!("Event {from} of {device} is")
    } else {
        format!("Events {from} to {last} of {device} are")
    };
    let restored =
        if generation > 1 { format!(" (store generation {generation})") } else { String::new() };
    format!("{which} not in the record{restored}, and HQ holds no receipt.")
}

/// What a broken rule means, in one sentence.
const fn broken_rule_meaning(rule: Rule) -> &'static str {
    match rule {
        Rule::Credential => {
            "The whole proven time of the event lies outside the time for which HQ vouched for \
             the device."
        }
        Rule::Revocation => {
            "The whole proven time of the event lies after HQ took its word for the device back."
        }
        Rule::Role => {
            "The role does not allow this: only movers, drivers, warehouses and contractors hold \
             boxes, only supervisors sign off."
        }
        Rule::Training => {
            "HQ's credential names no training of the carrier's, or the whole proven time of the \
             event lies after it ran out."
        }
        Rule::Nda => {
            "Whoever takes or opens boxes with papers or devices must have signed an agreement on \
             secrecy; HQ's credential names none that held then."
        }
        Rule::Classes => {
            "The boxes are of a class that HQ's credential does not let the carrier take."
        }
        Rule::Licence => "HQ's credential names no licence of the carrier's for this act.",
        Rule::OwnSignOff => "A sign-off is another person's word; here it is the same person's.",
        Rule::SecondPerson => {
            "Where boxes with papers, devices or valuables are taken over, collected or \
             delivered, a second person signs too: a receiver in a handoff, or a supervisor. \
             Nobody did."
        }
        Rule::Supervisor => {
            "A supervisor must sign off what is destroyed, and what is found missing, damaged or \
             with a broken seal among boxes with papers, devices or valuables. None did."
        }
    }
}

/// What a rule means that may have been kept.
const fn not_provable(rule: Rule) -> &'static str {
    match rule {
        Rule::SecondPerson | Rule::Supervisor => {
            "Supervisors signed off several events at once, and the record does not show whether \
             this is one of them. That accuses nobody; the sign-off's proof would show it."
        }
        Rule::Credential
        | Rule::Revocation
        | Rule::Role
        | Rule::Training
        | Rule::Nda
        | Rule::Classes
        | Rule::Licence
        | Rule::OwnSignOff => {
            "A part of the time in which the act may have been done lies outside. That accuses \
             nobody: the act may have been in order."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_says_which_events_and_whose() {
        let device = DeviceId([7; 16]);
        let gap = |from, to| FaultKind::Gap { device, generation: 1, from, to };
        let say = |gap| fault_meaning(&gap, |_| "Driver 4".to_owned());
        assert!(say(gap(3, 4)).starts_with("Event 3 of Driver 4 is not in the record"));
        assert!(say(gap(3, 6)).starts_with("Events 3 to 5 of Driver 4 are not in the record"));
    }
}
