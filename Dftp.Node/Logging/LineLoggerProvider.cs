using Microsoft.Extensions.Logging;

namespace Dftp.Node.Logging;

/// <summary>The node's log: one line per message, written to a stream. The framework's categories are logged from warnings up.</summary>
internal sealed class LineLoggerProvider : ILoggerProvider, IAsyncDisposable
{
    private readonly LogLevel _level;
    private readonly TimeProvider _time;
    private readonly LineQueue _lines;

    /// <param name="stream">The target, which the caller owns.</param>
    /// <param name="level">The lowest level that is logged.</param>
    /// <param name="time">The clock of the lines' local time.</param>
    public LineLoggerProvider(Stream stream, LogLevel level, TimeProvider time)
    {
        _level = level;
        _time = time;
        _lines = new LineQueue(
            stream, lost => Line(nameof(Logging), LogLevel.Warning, $"{lost} line(s) lost: the reader of the log is too slow", null), time);
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName, LeastLevel(categoryName));

    /// <summary>Does nothing: a logger factory calls it and cannot wait until the lines are written.</summary>
    public void Dispose()
    {
    }

    /// <summary>Writes the queued lines.</summary>
    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    private LogLevel LeastLevel(string category)
    {
        var isOfFramework = category.StartsWith("Microsoft.", StringComparison.Ordinal)
            || category.StartsWith("System.", StringComparison.Ordinal);
        return isOfFramework && _level < LogLevel.Warning ? LogLevel.Warning : _level;
    }

    private string Line(string category, LogLevel level, string message, Exception? exception) =>
        LogLine.Format(_time.GetLocalNow(), category, level, message, exception, withStackTrace: _level <= LogLevel.Debug);

    private sealed class LineLogger(LineLoggerProvider provider, string category, LogLevel leastLevel) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logLevel >= leastLevel && logLevel != LogLevel.None;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) provider._lines.Add(provider.Line(category, logLevel, formatter(state, exception), exception));
        }
    }
}
