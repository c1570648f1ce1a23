"""Touches what the first cells will need, while nobody waits for it.

The first job of a JVM costs a second of class loading and compiling, the first Python
worker half a second. Small steps, each of which begins only while no statement is
there: one waits for the rest of a step at most, which it would have paid for itself.
"""

import os
import sys
import threading
import time
from typing import Any

SWITCH = "spark.synapse.warmUp"  # `false` in a session's conf: none, to measure
GROUP = "warm-up"
ROWS = "name,age,survived\nA,1.5,1\nB,,0\nC,30,1\n"


class Warmer(threading.Thread):
    def __init__(self, driver: Any):
        super().__init__(daemon=True, name=GROUP)
        self.driver = driver
        self.path = os.path.join(driver.spec["private"], "tmp", "warm-up.csv")

    def run(self) -> None:
        try:
            with open(self.path, "w", encoding="ascii") as file:
                file.write(ROWS)
            self.driver.sc.setJobGroup(GROUP, "warming up")
            steps = [self.read, self.aggregate, self.worker]
            if self.driver.spec.get("scala"):
                steps.insert(0, lambda: self.driver.interpreter("spark"))
            for step in steps:
                self.make_way()
                step()
        except Exception as problem:
            print("warm-up ended: %s" % problem, file=sys.__stderr__)

    def make_way(self) -> None:
        while self.driver.running is not None or self.driver.waiting > 0:
            time.sleep(0.02)

    def read(self) -> None:
        reader = self.driver.spark.read
        self.frame = reader.csv(self.path, header=True, inferSchema=True)

    def aggregate(self) -> None:
        ages = self.frame.filter("survived = 1").groupBy("age").count().orderBy("age")
        ages._jdf.showString(20, 20, False)

    def worker(self) -> None:
        self.driver.sc.parallelize([1], 1).map(lambda value: value).count()
