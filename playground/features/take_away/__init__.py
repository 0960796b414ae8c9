"""Taking a run away: as a script that needs this project no more, as a report, as a film, as it stands."""
