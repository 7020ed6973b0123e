"""Verifies the DKIM signature of the message on standard input with a verifier that is not ours. Arguments: names and their TXT
records, in turn. Prints the domain that signed, or why nothing was verified; the exit status is 1 then."""

import sys

import dkim


def main():
    records = dict(zip(sys.argv[1::2], sys.argv[2::2]))

    def txt(name, timeout=5):
        record = records.get(name.decode().rstrip("."))
        return record.encode() if record else None

    verifier = dkim.DKIM(sys.stdin.buffer.read())
    try:
        good = verifier.verify(dnsfunc=txt)
    except dkim.DKIMException as problem:
        print(problem)
        return 1
    print(verifier.domain.decode() if good else "the signature does not fit")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
