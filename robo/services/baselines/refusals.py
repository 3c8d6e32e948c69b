"""Why a baseline, or what somebody decides about one, is not taken."""

from __future__ import annotations

from robo.errors import UsageError


def own_work(record: str) -> UsageError:
    return UsageError(
        "RB030",
        "whoever added the baseline %(record)s does not decide that it is right",
        place=record,
        remedy="somebody else of the service gives this command, under an account of their own",
        record=record,
    )


def more_than_the_whole(record: str, others: str, total: int, whole: int) -> UsageError:
    return UsageError(
        "RB031",
        "%(others)s cover parts of the same procedure: together that would be %(total)s minutes of %(whole)s",
        place=record,
        remedy="measure the whole procedure, say it as `whole:` and what each covers as `steps:` in both studies; or "
        "withdraw the one that counts the same work",
        others=others,
        total=total,
        whole=whole,
    )


def unsigned(record: str) -> UsageError:
    return UsageError(
        "RB032",
        "the baseline %(record)s says that nothing is left to do with the robot: the head of the service signs that",
        place=record,
        remedy="robo baseline sign %(record)s --role ROLE, by the head of the service; then approve it",
        record=record,
    )


def absurd(place: str, what: str, minutes: int, most: int) -> UsageError:
    return UsageError(
        "RB033",
        "%(what)s: %(minutes)s minutes for one unit cannot be right (0 to %(most)s)",
        place=place,
        remedy="give the minutes of one unit, not of a day or of a pile; leave out what was interrupted",
        what=what,
        minutes=minutes,
        most=most,
    )


def overlaps(record: str, other: str) -> UsageError:
    return UsageError(
        "RB034",
        "the baseline %(other)s stands for the same unit at the same time",
        place=record,
        remedy="robo baseline supersede %(other)s --by %(record)s --role ROLE approves this one in its place",
        record=record,
        other=other,
    )


def day_not_possible(place: str, day: str, today: str) -> UsageError:
    return UsageError(
        "RB035",
        "%(day)s is in the future: today is %(today)s",
        place=place,
        remedy="give the day on which it was observed",
        day=day,
        today=today,
    )


def back_dated(place: str, day: str, today: str) -> UsageError:
    return UsageError(
        "RB035",
        "what is decided today counts from today on, not from %(day)s",
        place=place,
        remedy="leave --from out, or give %(today)s or a later day; a later baseline never rewrites the past",
        day=day,
        today=today,
    )


def no_role(place: str, said: str) -> UsageError:
    return UsageError(
        "RB036",
        "«%(said)s» is not a role",
        place=place,
        remedy="say what the person does, in small letters and without blanks: agente-instructrice, cheffe-de-bureau; "
        "never a name",
        said=said,
    )


def other_unit(place: str, said: str, right: str) -> UsageError:
    return UsageError(
        "RB037",
        "this process counts %(right)s, the study is of %(said)s",
        place=place,
        remedy="write `unit: %(right)s`, if that is what was measured; else measure it",
        said=said,
        right=right,
    )


def no_such_point(place: str, point: int, last: int) -> UsageError:
    return UsageError(
        "RB037",
        "the procedure has no point %(point)s: its last one is %(last)s",
        place=place,
        remedy="`robo process manual PROCESS` prints them",
        point=point,
        last=last,
    )


def unknown(said: str) -> UsageError:
    return UsageError(
        "RB038",
        "there is no one baseline %(said)s",
        place=said,
        remedy="robo baseline list --all shows their ids; the first letters are enough, if no other has them",
        said=said,
    )


def over(record: str, standing: str) -> UsageError:
    return UsageError(
        "RB040",
        "the baseline %(record)s is %(standing)s already",
        place=record,
        remedy="robo baseline show %(record)s tells what was decided, and when",
        record=record,
        standing=standing,
    )


def of_another(record: str, other: str) -> UsageError:
    return UsageError(
        "RB040",
        "%(record)s cannot take the place of %(other)s: they are of another unit, process or region",
        place=record,
        remedy="robo baseline list shows of what each is",
        record=record,
        other=other,
    )


def other_definition(place: str) -> UsageError:
    return UsageError(
        "RB041",
        "the process changed since this study was begun: its effects, or what it leaves out",
        place=place,
        remedy="begin a new study: minutes of two definitions are not one measurement",
    )


def too_long(place: str, what: str, first: str, last: str, most: int) -> UsageError:
    return UsageError(
        "RB047",
        "%(what)s was observed from %(first)s to %(last)s: one study is of %(most)s days at most",
        place=place,
        remedy="begin a new study (move the old file away, its record stays): old observations are no new measurement",
        what=what,
        first=first,
        last=last,
        most=most,
    )


def nothing_observed(place: str) -> UsageError:
    return UsageError(
        "RB045",
        "nothing was observed in this study: it has no time for before, or none for after",
        place=place,
        remedy="observe at least one unit done by hand (before) and one done with the robot (after); ten of each on "
        "two days make a proof",
    )
