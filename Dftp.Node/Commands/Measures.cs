using System.Globalization;
using Dftp.FileSystem;

namespace Dftp.Node.Commands;

/// <summary>Formats numbers for people.</summary>
internal static class Measures
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>For example <c>1 file</c> and <c>1,234 files</c>.</summary>
    public static string Count(long number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Bytes(long bytes)
    {
        var unit = 0;
        double shown = bytes;
        for (; shown >= 1024 && unit < ByteUnits.Length - 1; unit++) shown /= 1024;
        return $"{shown.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture)} {ByteUnits[unit]}";
    }

    /// <summary>The two largest units that are not 0: <c>2 d 3 h</c>, <c>5 min</c>, <c>12 s</c>.</summary>
    public static string Duration(long seconds) => seconds switch
    {
        < 60 => $"{Math.Max(0, seconds)} s",
        < 3600 => $"{seconds / 60} min",
        < 86400 => seconds % 3600 < 60 ? $"{seconds / 3600} h" : $"{seconds / 3600} h {seconds % 3600 / 60} min",
        _ => seconds % 86400 < 3600 ? $"{seconds / 86400} d" : $"{seconds / 86400} d {seconds % 86400 / 3600} h",
    };

    /// <summary>A time in unix seconds relative to now: <c>never</c>, or for example <c>5 min ago</c>.</summary>
    public static string Ago(long unixSeconds, DateTimeOffset now) =>
        unixSeconds == 0 ? "never" : $"{Duration(now.ToUnixTimeSeconds() - Math.Min(unixSeconds, now.ToUnixTimeSeconds()))} ago";

    public static string Time(long unixSeconds) =>
        UnixTime.FromSeconds(unixSeconds).ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
