"""The daemon: syncs by the clock and on demand, one run at a time, on one machine at a time.

main thread   signals, reloading, the watchdog             (serve)
timetable     asks for a run when it is due                (APScheduler's thread)
doorbell      asks for a run when a directory rings        (a thread for each of them)
worker        leads or stands by, runs what is asked for   (worker)
"""
