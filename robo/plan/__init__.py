"""Process x region x installed actions -> Plan. Pure: no I/O, no clock, and the same digest for the same text."""
