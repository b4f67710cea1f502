using System.Globalization;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Persistence;

/// <summary>The file with the greatest stamp that this node may have made: one decimal number (<see cref="StampClock"/>).</summary>
internal sealed partial class StampMark(string path, ILogger log)
{
    private const int MaxBytes = 64;

    private string _complained = "";

    /// <summary>Reads the mark of the last start.</summary>
    /// <returns>Default if there is none. A file that cannot be used is logged and ignored.</returns>
    public Stamp Load()
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var bytes = new byte[MaxBytes];
            var read = file.ReadAtLeast(bytes, MaxBytes, throwOnEndOfStream: false);
            var text = System.Text.Encoding.ASCII.GetString(bytes, 0, read).TrimEnd('\n');
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                && new Stamp(value).Seconds <= Stamp.MaxSeconds) return new Stamp(value);
            LogIgnored(log, path, "it is not a number of nanoseconds");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return default;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            LogIgnored(log, path, error.Message);
        }

        return default;
    }

    /// <summary>Saves a mark. A failure is logged: then only the wall clock keeps stamps in order over the next restart.</summary>
    public void Save(Stamp stamp)
    {
        try
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{stamp.Value}\n");
            AtomicFile.Replace(path, file => file.Write(System.Text.Encoding.ASCII.GetBytes(text)));
            _complained = "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            if (error.Message != _complained) LogUnwritable(log, path, error.Message);
            _complained = error.Message;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File}, the mark of the greatest stamp, is ignored: {Reason}")]
    private static partial void LogIgnored(ILogger log, string file, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "cannot write {File}, the mark of the greatest stamp: {Reason}; if the clock is set back before the next start, changes "
            + "made then can look older than those before")]
    private static partial void LogUnwritable(ILogger log, string file, string reason);
}
