/** Each test process has a host lock of its own, so that test files may run side by side, and beside a real run. */
process.env['HOPMETER_LOCK_NAME'] ??= `hopmeter-test-${process.pid}`
