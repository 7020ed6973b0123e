"""Each rule of tests/check-deps against a small made-up graph: it must complain, and name the crate and the rule."""

import importlib.machinery
import importlib.util
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SCRIPT = str(Path(__file__).resolve().parent.parent / "check-deps")
LOADER = importlib.machinery.SourceFileLoader("check_deps", SCRIPT)
check_deps = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_deps", LOADER))
LOADER.exec_module(check_deps)

REGISTRY = "https://example.test/index"


def graph(edges, **details):
    """`edges` are pairs of `name` or `name@version`; `details` replaces fields of a package by its name."""
    ids = sorted({end for edge in edges for end in edge})
    packages = []
    for package_id in ids:
        name, _, version = package_id.partition("@")
        package = {"id": package_id, "name": name, "version": version or "1.0.0", "license": "MIT",
                   "source": f"registry+{REGISTRY}", "dependencies": []}
        packages.append(package | details.get(name, {}))
    nodes = [
        {"id": package_id, "deps": [{"pkg": child, "dep_kinds": [{"kind": None}]} for parent, child in edges if parent == package_id]}
        for package_id in ids
    ]
    return check_deps.Graph({"packages": packages, "workspace_members": ["room"], "resolve": {"nodes": nodes}})


class Rules(unittest.TestCase):
    def complaint(self, complaints):
        complaints = list(complaints)
        self.assertEqual(len(complaints), 1, complaints)
        return complaints[0]

    def test_a_banned_crate_is_named_with_the_crate_that_brings_it(self):
        found = check_deps.banned(graph([("room", "tls"), ("tls", "bad-sys")]), [{"crate": "bad-sys", "reason": "one stack"}])
        self.assertEqual(self.complaint(found), "bad-sys 1.0.0 is banned (one stack); it comes with tls")

    def test_only_the_named_rooms_may_depend_on_a_held_crate(self):
        rule = {"crate": "database", "wrappers": ["store"], "reason": "queries live in the store"}
        self.assertEqual(list(check_deps.banned(graph([("room", "store"), ("store", "database")]), [rule])), [])
        found = check_deps.banned(graph([("room", "database")]), [rule])
        self.assertEqual(self.complaint(found), "room depends on database: only store may (queries live in the store)")

    def test_a_second_version_needs_an_excuse_and_an_excuse_needs_a_second_version(self):
        two = graph([("room", "twice@1.4.0"), ("room", "twice@2.0.1")])
        bans = {"multiple-versions": "deny", "skip": []}
        self.assertIn("twice is there as 1.4.0 and 2.0.1", self.complaint(check_deps.duplicated(two, bans)))
        bans["skip"] = [{"crate": "twice@1"}]
        self.assertEqual(list(check_deps.duplicated(two, bans)), [])
        bans["skip"].append({"crate": "gone@3"})
        self.assertIn("gone@3", self.complaint(check_deps.duplicated(two, bans)))

    def test_licence_expressions(self):
        allowed = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"}
        for expression, good in [
            ("MIT", True), ("GPL-3.0", False), ("MIT OR GPL-3.0", True), ("GPL-3.0/MIT", True), ("MIT AND GPL-3.0", False),
            ("GPL-3.0 OR MIT AND Apache-2.0", True), ("(GPL-3.0 OR MIT) AND Apache-2.0", True),
            ("Apache-2.0 WITH LLVM-exception", True), ("MIT WITH LLVM-exception", False), ("(MIT", False), ("MIT MIT", False),
        ]:
            with self.subTest(expression):
                self.assertEqual(bool(check_deps.Licence(expression, allowed).acceptable()), good)

    def test_a_crate_without_an_allowed_licence_is_named(self):
        found = check_deps.unlicensed(graph([("room", "odd")], odd={"license": "GPL-3.0"}), {"MIT"})
        self.assertIn("odd 1.0.0 is under 'GPL-3.0'", self.complaint(found))
        found = check_deps.unlicensed(graph([("room", "odd")], odd={"license": None}), {"MIT"})
        self.assertEqual(self.complaint(found), "odd 1.0.0 names no licence")

    def test_sources_other_than_the_registry_are_named(self):
        for source in ("git+https://example.test/odd", "registry+https://other.test/index", None):
            found = check_deps.foreign(graph([("room", "odd")], odd={"source": source}, room={"source": None}), {REGISTRY})
            self.assertIn("odd 1.0.0", self.complaint(found))

    def test_a_dependency_without_a_version_is_named(self):
        room = {"dependencies": [{"name": "any", "req": "*"}, {"name": "sister", "req": "*", "path": "../sister"}]}
        found = check_deps.without_version(graph([("room", "any")], room=room), {"wildcards": "deny"})
        self.assertEqual(self.complaint(found), "room asks for any without a version")


if __name__ == "__main__":
    unittest.main()
