"""A call as a ladder of both legs, and its record as one line; from Ringwall's trace and record."""
import datetime

_WIDTH = 36


def _arrow(text: str, points_right: bool) -> str:
    text = text if len(text) <= _WIDTH - 8 else text[:_WIDTH - 9] + "…"
    return f"─ {text} ".ljust(_WIDTH - 1, "─") + ">" if points_right else "<" + f"─ {text} ".ljust(_WIDTH - 1, "─")


def messages_of(trace: list[dict], record: dict) -> list[dict]:
    """The messages of that call, of both its legs."""
    # A message that opens a call, or comes after its end, belongs to it by its Call-ID only.
    call_ids = {entry["call_id"] for entry in trace if entry["call"] == record["call"]}
    return [entry for entry in trace if entry["call_id"] in call_ids]


def ladder(trace: list[dict], record: dict, names: dict[str, str]) -> list[str]:
    """Lines to print; `names` says who has which address."""
    entries = messages_of(trace, record)
    if not entries:
        return [f"(the trace has no message of call {record['call']})"]
    caller = entries[0]["peer"].rsplit(":", 1)[0]
    callee = next((peer for entry in entries if (peer := entry["peer"].rsplit(":", 1)[0]) != caller), "")
    empty = " " * _WIDTH
    head = " " * 14 + names.get(caller, caller).ljust(_WIDTH - 2) + "Ringwall".ljust(_WIDTH + 2) + names.get(callee, callee)
    lines = [head]
    for entry in entries:
        is_left, is_in = entry["peer"].startswith(caller + ":"), entry["direction"] == "in"
        # URI parameters would only make it wide.
        arrow = _arrow(entry["message"].removeprefix("SIP/2.0 ").split(";")[0], is_left == is_in)
        legs = (arrow, empty) if is_left else (empty, arrow)
        lines.append(f"{entry['time'][11:23]}  │{legs[0]}│{legs[1]}│  {entry['transport']}")
    return lines


def _clock(record: dict, name: str) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(record[name].replace("Z", "+00:00")) if record.get(name) else None


def record_line(record: dict) -> str:
    start, ringing, answer, end = (_clock(record, name) for name in ("start", "ringing", "answer", "end"))
    times = [f"from {start:%H:%M:%S}"] if start else []
    times += [f"rang after {(ringing - start).total_seconds():.2f} s"] if start and ringing else []
    times += [f"answered after {(answer - start).total_seconds():.2f} s"] if start and answer else []
    times += [f"talked {(end - answer).total_seconds():.1f} s"] if answer and end else []
    sides = [f"{record[who]} ({record[side + '_adjacency'] or '-'}, {record[side + '_security'] or '-'})"
             for who, side in (("caller", "from"), ("callee", "to"))]
    reason = ", ".join(word for word in (record["reason"], record.get("stage") and f"stage {record['stage']}") if word)
    return (f"{' -> '.join(sides)}: {'secure' if record['secure'] else 'not secure'}, {record['result']} "
            f"({record['status']}; {reason}), {', '.join(times)}")
