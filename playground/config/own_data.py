"""How the data that somebody brings are made alike; a form and the API are drawn from it."""

from __future__ import annotations

from typing import Literal

from playground.config.settings import Settings, setting
from playground.data.own.hub import Place
from playground.data.own.limits import LONGEST, NO_LABELS, Wish

AUTO = "auto"


class OwnDataConfig(Settings):
    """Settings of one data set that somebody brings."""

    title: str = setting(
        "", "Name", f"What the data are called here, up to {LONGEST} characters; otherwise as the first file or folder is."
    )
    side: Literal["auto", "8", "16", "28", "32", "48", "64"] = setting(
        AUTO,
        "Size",
        "Pixels a side. auto: the largest that most pictures have, and no more than 32 of photographs. Twice the side is four times the work.",
        unit="pixels",
    )
    colour: Literal["auto", "grey", "colour"] = setting(
        AUTO, "Colour", "auto: in colour if any picture has some. Colour is about three times the work of grey."
    )
    shape: Literal["crop", "fit"] = setting(
        "crop",
        "Shape",
        "What happens to pictures that are not square.",
        titles={"crop": "cut to the middle square", "fit": "fitted in whole, on white"},
    )
    labels: str = setting(
        "",
        "Classes",
        f"Of a table or of the Hub: the name of the column that says which class a row is of; empty: guessed by name and contents; {NO_LABELS}: none.",
    )

    def wish(self) -> Wish:
        """As the reader takes it."""
        side = None if self.side == AUTO else int(self.side)
        return Wish(side, None if self.colour == AUTO else self.colour == "colour", self.shape == "crop", self.labels)


class HubConfig(OwnDataConfig):
    """Which images of the Hugging Face Hub, and how they are made alike."""

    repository: str = setting("", "Data set", "owner/name on the Hugging Face Hub, or its address there.")
    subset: str = setting("", "Subset", "Of several in the data set; empty: the default one, or the first.")
    split: str = setting("", "Split", "Empty: train, or the first.")
    image: str = setting("", "Pictures", "The column of pictures; empty: the first that has some.")

    def place(self) -> Place:
        """As the reader takes it."""
        return Place(self.repository, self.subset, self.split, self.image)
