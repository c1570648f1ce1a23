def start(driver): pass
