using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Cluster;
using Dftp.FileSystem;
using Dftp.Ftp;
using Microsoft.Extensions.Logging;

namespace Dftp.Node.CommandLine;

/// <summary>Parsers of option values. Each throws <see cref="FormatException"/> with a sentence that says what is wrong.</summary>
internal static class ValueParsers
{
    private const int MaxClusterNameBytes = 255;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly (string Unit, long Ticks)[] DurationUnits =
    [
        ("ms", TimeSpan.TicksPerMillisecond),
        ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
    ];

    public static string Text(string text) => text;

    public static string ClusterName(string text)
    {
        if (text.Length == 0) throw new FormatException("a cluster's name must not be empty");
        if (text.Any(char.IsControl)) throw new FormatException($"\"{text}\" has a control character");
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= MaxClusterNameBytes ? text
            : throw new FormatException($"a cluster's name has at most {MaxClusterNameBytes} bytes, not {bytes}");
    }

    /// <summary>An empty text becomes null: the node then has the name of its host.</summary>
    public static NodeName? NodeNameOrNone(string text) =>
        text.Length == 0 ? null
        : NodeName.TryParse(text, out var name) ? name
        : throw new FormatException(NodeNameRule(text));

    public static string NodeNameRule(string text) =>
        $"\"{text}\" is no node name: it takes 1 to {NodeName.MaxBytes} bytes without white space, control characters and / , ; = \"";

    public static VirtualPath Path(string text) =>
        VirtualPath.TryParse(text, out var path) ? path
        : throw new FormatException(
            $"\"{text}\" is no path of the tree: a name has at most {VirtualPath.MaxNameBytes} bytes, the path {VirtualPath.MaxPathBytes}, "
            + "and no control character");

    /// <summary>An empty text becomes null: the interface is switched off.</summary>
    public static ListenAddress? ListenAddressOrOff(string text) => text.Length == 0 ? null : ListenAddress.Parse(text);

    /// <summary>An empty text becomes null: the system chooses the ports.</summary>
    public static PortRange? PortRangeOrAny(string text) =>
        text.Length == 0 ? null
        : PortRange.TryParse(text, out var range) ? range
        : throw new FormatException($"\"{text}\" is no range of ports, such as 50000-50100");

    /// <summary>An empty text becomes null: the address that the client reached.</summary>
    public static PublicAddress? PublicAddressOrReached(string text)
    {
        if (text.Length == 0) return null;
        var isAddress = IPAddress.TryParse(text, out var address) && !text.All(char.IsAsciiDigit);
        if (isAddress && address!.AddressFamily != AddressFamily.InterNetwork)
            throw new FormatException($"{text} is no IPv4 address; over IPv6 clients need none");
        return isAddress || (Uri.CheckHostName(text) == UriHostNameType.Dns && !text.All(c => char.IsAsciiDigit(c) || c == '.'))
            ? new PublicAddress(text)
            : throw new FormatException($"\"{text}\" is neither an address nor a host name");
    }

    /// <summary>A count of at least 1.</summary>
    public static int Count(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 ? count
        : throw new FormatException($"\"{text}\" is no whole number from 1");

    /// <summary>The management address of another node.</summary>
    public static HostPort NodeAddress(string text) =>
        HostPort.TryParse(text, out var address) && address is { Host.Length: > 0, Port: > 0 }
            ? address
            : throw new FormatException($"{OneLine.Escape(text)} is not host:port, such as nas.home:7041");

    /// <summary>Addresses and host names, separated by commas.</summary>
    public static IReadOnlyList<string> Hosts(string text)
    {
        var hosts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var wrong = Array.Find(hosts, host => !IPAddress.TryParse(host, out _) && Uri.CheckHostName(host) != UriHostNameType.Dns);
        return wrong is null ? hosts : throw new FormatException($"\"{wrong}\" is neither an address nor a host name");
    }

    /// <summary>An empty text becomes null: no multicast.</summary>
    public static IPEndPoint? MulticastGroupOrOff(string text)
    {
        if (text.Length == 0) return null;
        var (host, port) = HostAndPort.Split(text, "224.0.0.9:7041");
        if (port is < 1 or > IPEndPoint.MaxPort) throw new FormatException(HostAndPort.PortMessage(text, 1));
        if (!IPAddress.TryParse(host, out var address)) throw new FormatException($"\"{host}\" is no IP address");
        var isMulticast = address.IsIPv6Multicast || (address.GetAddressBytes() is [var first, _, _, _] && first is >= 224 and <= 239);
        return isMulticast ? new IPEndPoint(address, port)
            : throw new FormatException($"{host} is no multicast address (224.0.0.0 to 239.255.255.255, or ff00::/8)");
    }

    public static LogLevel LogLevel(string text) => text switch
    {
        "trace" => Microsoft.Extensions.Logging.LogLevel.Trace,
        "debug" => Microsoft.Extensions.Logging.LogLevel.Debug,
        "info" => Microsoft.Extensions.Logging.LogLevel.Information,
        "warning" => Microsoft.Extensions.Logging.LogLevel.Warning,
        "error" => Microsoft.Extensions.Logging.LogLevel.Error,
        "off" => Microsoft.Extensions.Logging.LogLevel.None,
        _ => throw new FormatException($"\"{text}\" is none of trace, debug, info, warning, error, off"),
    };

    /// <returns>Whether clients are redirected.</returns>
    public static bool RemoteReads(string text) => text switch
    {
        "proxy" => false,
        "redirect" => true,
        _ => throw new FormatException($"\"{text}\" is neither proxy nor redirect"),
    };

    public static bool OnOrOff(string text) => text switch
    {
        "on" => true,
        "off" => false,
        _ => throw new FormatException($"\"{text}\" is neither on nor off"),
    };

    public static bool Switch(string text) => text switch
    {
        "true" or "1" => true,
        "false" or "0" or "" => false,
        _ => throw new FormatException($"\"{text}\" is neither true nor false"),
    };

    /// <summary>A duration in Go's syntax: <c>500ms</c>, <c>5s</c>, <c>1.5h</c>, <c>1h30m</c>; <c>0</c> needs no unit.</summary>
    public static TimeSpan Duration(string text)
    {
        if (text == "0") return TimeSpan.Zero;
        var problem = $"\"{text}\" is no duration, such as 500ms, 5s, 10m or 1h30m";
        if (text.Length == 0) throw new FormatException(problem);
        var ticks = 0m;
        for (var rest = text.AsSpan(); rest.Length > 0;)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0
                || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
            {
                throw new FormatException(problem);
            }

            rest = rest[digits..];
            var (unit, unitTicks) = FindUnit(rest);
            if (unit is null || count > long.MaxValue / unitTicks) throw new FormatException(problem);
            ticks += count * unitTicks;
            rest = rest[unit.Length..];
        }

        return ticks <= long.MaxValue ? new TimeSpan((long)ticks) : throw new FormatException(problem);
    }

    private static (string? Unit, long Ticks) FindUnit(ReadOnlySpan<char> text)
    {
        foreach (var unit in DurationUnits)
        {
            if (text.StartsWith(unit.Unit)) return unit;
        }

        return default;
    }
}
