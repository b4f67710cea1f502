using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dftp.Ftp;

/// <summary>The TCP ports from <see cref="Low"/> to <see cref="High"/>, inclusive.</summary>
public readonly record struct PortRange
{
    /// <param name="low">1 to 65535.</param>
    /// <param name="high"><paramref name="low"/> to 65535.</param>
    public PortRange(int low, int high)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(low, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(high, low);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(high, 65535);
        Low = low;
        High = high;
    }

    public int Low { get; }

    public int High { get; }

    public int Count => High - Low + 1;

    /// <summary>Parses <c>low-high</c> or a single port.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PortRange range)
    {
        range = default;
        if (text is null) return false;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (!TryParsePort(dash < 0 ? text : text.AsSpan(0, dash), out var low)
            || !TryParsePort(dash < 0 ? text : text.AsSpan(dash + 1), out var high)
            || high < low) return false;
        range = new PortRange(low, high);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Low}-{High}");

    private static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
