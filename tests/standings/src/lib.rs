//! What a comparison comes to: figures of ours against their floors and goals, as text
//! and for programs.

use std::fmt;

use serde_json::{Value, json};

/// Which way a figure should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The less the better.
    Less,
    /// The more the better.
    More,
}

/// One figure of ours that must reach its floor and should reach its goal.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What it says.
    pub name: String,
    /// What was measured.
    pub ours: f64,
    /// What it must reach.
    pub floor: f64,
    /// What it should reach.
    pub goal: f64,
    /// Which way that is.
    pub better: Better,
}

impl Standing {
    /// A figure of which less is better, by floor and goal.
    pub fn less(name: impl Into<String>, ours: f64, (floor, goal): (f64, f64)) -> Self {
        Self { name: name.into(), ours, floor, goal, better: Better::Less }
    }

    /// A figure of which more is better, by floor and goal.
    pub fn more(name: impl Into<String>, ours: f64, (floor, goal): (f64, f64)) -> Self {
        Self { name: name.into(), ours, floor, goal, better: Better::More }
    }

    /// Whether it is as good as this.
    #[must_use]
    pub fn reaches(&self, mark: f64) -> bool {
        match self.better {
            Better::Less => self.ours <= mark,
            Better::More => self.ours >= mark,
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "ours": self.ours,
            "floor": self.floor,
            "goal": self.goal,
            "reaches_floor": self.reaches(self.floor),
            "reaches_goal": self.reaches(self.goal),
        })
    }
}

/// All figures of a comparison. As text a line for each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standings(pub Vec<Standing>);

impl Standings {
    /// Whether none is below its floor.
    #[must_use]
    pub fn hold(&self) -> bool {
        self.0.iter().all(|standing| standing.reaches(standing.floor))
    }

    /// The same for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.0.iter().map(Standing::to_json).collect()
    }

    /// How many reach their floors and goals: the last line of a report.
    #[must_use]
    pub fn summary(&self) -> String {
        let reached = |mark: fn(&Standing) -> f64| {
            self.0.iter().filter(|standing| standing.reaches(mark(standing))).count()
        };
        let (floors, goals) = (reached(|one| one.floor), reached(|one| one.goal));
        let all = self.0.len();
        format!("floors {floors}/{all}, goals {goals}/{all}")
    }
}

impl fmt::Display for Standings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|standing| standing.name.chars().count()).max().unwrap_or(0);
        for standing in &self.0 {
            let Standing { name, ours, floor, goal, .. } = standing;
            let is_count = [ours, floor, goal].iter().all(|figure| figure.fract() == 0.0);
            let decimals = if is_count { 0 } else { 3 };
            let word = |mark| if standing.reaches(mark) { "reached" } else { "missed" };
            let (at_floor, at_goal) = (word(*floor), word(*goal));
            writeln!(
                f,
                "{name:<width$} {ours:>10.decimals$}   floor {floor:>10.decimals$} {at_floor:<8} \
                 goal {goal:>10.decimals$} {at_goal}"
            )?;
        }
        Ok(())
    }
}

/// What a comparison left out, in one line.
#[must_use]
pub fn not_run<T: AsRef<str>>(missing: &[T]) -> String {
    if missing.is_empty() {
        return "nothing".to_owned();
    }
    missing.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_and_goals_are_reached_at_their_marks() {
        let standings = Standings(vec![
            Standing::less("time", 1.5, (1.5, 1.0)),
            Standing::more("codes", 9.0, (9.0, 9.0)),
        ]);
        assert!(standings.hold());
        assert_eq!(standings.summary(), "floors 2/2, goals 1/2");
        let below = Standings(vec![Standing::more("codes", 8.0, (9.0, 9.0))]);
        assert!(!below.hold());
        assert_eq!(below.summary(), "floors 0/1, goals 0/1");
    }

    #[test]
    fn what_was_left_out_is_told() {
        assert_eq!(not_run::<&str>(&[]), "nothing");
        assert_eq!(not_run(&["SQLCipher", "memory"]), "SQLCipher; memory");
    }
}
