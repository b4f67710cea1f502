using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Dftp.Node.Logging;

/// <summary>
/// How a message looks: <c>2016/10/22 22:08:01 Scanner: local scan finished, 3 file(s) found</c>. Time, part, a word for the level
/// unless it is information, the message, the exception. Always one line.
/// </summary>
internal static class LogLine
{
    /// <summary>The category of the node as a whole, whose lines name no part.</summary>
    public const string NodeCategory = "dftp";

    private const int MostCauses = 5;

    /// <param name="localTime">When it happened, as a clock on this machine's wall shows it.</param>
    /// <param name="category">Its last segment is the part.</param>
    /// <param name="level">Everything but information is marked.</param>
    /// <param name="message">Control characters in it are escaped.</param>
    /// <param name="exception">Shown with its causes as <c>type: message</c>.</param>
    /// <param name="withStackTrace">Also shows where the exception was thrown.</param>
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
