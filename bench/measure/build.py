"""The release build that is measured."""

import subprocess


def release(root, *targets):
    subprocess.run([root / "scripts/install-packages", "build", "test", "bench"], check=True)
    subprocess.run(["cmake", "--preset", "release", "-DPENSTOCK_BENCH=ON"], cwd=root, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", *targets], cwd=root, check=True, stdout=subprocess.DEVNULL)
