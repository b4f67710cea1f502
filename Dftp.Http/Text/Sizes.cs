using System.Globalization;

namespace Dftp.Http.Text;

/// <summary>Formats sizes in bytes for people.</summary>
internal static class Sizes
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Show(long bytes)
    {
        var unit = 0;
        double shown = bytes;
        for (; shown >= 1024 && unit < Units.Length - 1; unit++) shown /= 1024;
        return $"{shown.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture)} {Units[unit]}";
    }
}
