using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Dftp.Node.Logging;

/// <summary>
/// Formats a log line: <c>2016/10/22 22:08:01 Scanner: local scan finished, 3 file(s) found</c>. Time, component, the level unless
/// it is information, the message, the exception; always one line.
/// </summary>
internal static class LogLine
{
    /// <summary>The category of the node as a whole, whose lines name no component.</summary>
    public const string NodeCategory = "dftp";

    private const int MostCauses = 5;

    /// <param name="localTime">The local time of the event.</param>
    /// <param name="category">Its last segment is the component.</param>
    /// <param name="level">Shown unless it is information.</param>
    /// <param name="message">Its control characters are escaped.</param>
    /// <param name="exception">Shown with its causes as <c>type: message</c>.</param>
    /// <param name="withStackTrace">Whether to show the exception's stack trace.</param>
    /// <returns>The line without its end.</returns>
    public static string Format(
        DateTimeOffset localTime, string category, LogLevel level, string message, Exception? exception, bool withStackTrace)
    {
        var line = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{localTime:yyyy'/'MM'/'dd HH':'mm':'ss} ");
        if (category != NodeCategory) line.Append(Part(category)).Append(": ");
        line.Append(Mark(level)).Append(OneLine.Escape(message));
        AppendExceptions(line, exception, withStackTrace);
        return line.ToString();
    }

    private static ReadOnlySpan<char> Part(string category) => category.AsSpan(category.AsSpan().LastIndexOfAny('.', '+') + 1);

    private static string Mark(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug: ",
        LogLevel.Warning => "warning: ",
        LogLevel.Error or LogLevel.Critical => "error: ",
        _ => "",
    };

    private static void AppendExceptions(StringBuilder line, Exception? exception, bool withStackTrace)
    {
        for (var causes = 0; exception is not null && causes < MostCauses; causes++, exception = exception.InnerException)
        {
            line.Append(": ").Append(exception.GetType().Name).Append(": ").Append(OneLine.Escape(exception.Message));
            if (!withStackTrace || exception.StackTrace is not { } trace) continue;
            foreach (var frame in trace.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                line.Append(" | ").Append(OneLine.Escape(frame));
            }
        }
    }
}
