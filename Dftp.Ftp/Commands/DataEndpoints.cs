using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;

namespace Dftp.Ftp.Commands;

/// <summary>PASV, EPSV, PORT and EPRT (RFC 959, section 5.2, and RFC 2428).</summary>
internal static class DataEndpoints
{
    /// <summary>RFC 2577, section 3: no data connections to well-known ports.</summary>
    private const int LowestClientPort = 1024;

    private static readonly Reply OnlyExtendedPassive = new(503, "After EPSV ALL only EPSV opens data connections");

    /// <summary>RFC 2428, section 2: the supported protocols are listed in parentheses.</summary>
    private static readonly Reply WrongProtocol =
        new(522, "Network protocol not supported, use that of the control connection (1,2)");

    public static async ValueTask<Reply> Pasv(FtpSession session, string argument)
    {
        if (session.State.IsExtendedPassiveOnly) return OnlyExtendedPassive;
        if (session.Local.AddressFamily != AddressFamily.InterNetwork) return new Reply(522, "PASV is for IPv4, use EPSV (1,2)");
        if (Listen(session) is not { } port) return NoPort;
        var options = session.Context.Options;
        var known = options.PublicAddress is { } configured
            ? await configured.ResolveAsync(session.Context.Time, session.Context.Log)
            : null;
        var address = (known ?? session.Local.Address).GetAddressBytes();
        return new Reply(227, string.Create(
            CultureInfo.InvariantCulture,
            $"Entering Passive Mode ({address[0]},{address[1]},{address[2]},{address[3]},{port >> 8},{port & 255})"));
    }

    public static Reply Epsv(FtpSession session, string argument)
    {
        var protocol = argument.Trim(' ');
        if (protocol.Equals("ALL", StringComparison.OrdinalIgnoreCase))
        {
            session.State.IsExtendedPassiveOnly = true;
            return new Reply(200, "Only EPSV is accepted from now on");
        }

        if (protocol.Length > 0 && protocol != ProtocolOf(session.Local.Address))
        {
            return int.TryParse(protocol, NumberStyles.None, CultureInfo.InvariantCulture, out _)
                ? WrongProtocol
                : new Reply(501, "EPSV takes 1, 2 or ALL");
        }

        return Listen(session) is { } port
            ? new Reply(229, string.Create(CultureInfo.InvariantCulture, $"Entering Extended Passive Mode (|||{port}|)"))
            : NoPort;
    }

    public static Reply Port(FtpSession session, string argument)
    {
        if (session.State.IsExtendedPassiveOnly) return OnlyExtendedPassive;
        var numbers = argument.Trim(' ').Split(',');
        Span<byte> bytes = stackalloc byte[6];
        if (numbers.Length != bytes.Length) return Malformed("PORT");
        for (var at = 0; at < bytes.Length; at++)
        {
            if (!byte.TryParse(numbers[at], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[at])) return Malformed("PORT");
        }

        return Connect(session, new IPAddress(bytes[..4]), (bytes[4] << 8) | bytes[5]);
    }

    /// <summary>RFC 2428, section 2: <c>|protocol|address|port|</c> with any delimiter of ASCII 33 to 126.</summary>
    public static Reply Eprt(FtpSession session, string argument)
    {
        if (session.State.IsExtendedPassiveOnly) return OnlyExtendedPassive;
        var text = argument.Trim(' ');
        var parts = text.Length > 0 && text[0] is >= '!' and <= '~' ? text.Split(text[0]) : [];
        if (parts.Length != 5 || parts[4].Length > 0 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return Malformed("EPRT");
        }

        if (parts[1] != ProtocolOf(session.Remote.Address)) return WrongProtocol;
        return IPAddress.TryParse(parts[2], out var address) && address.AddressFamily == session.Remote.AddressFamily
            && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
            ? Connect(session, address, port)
            : Malformed("EPRT");
    }

    private static Reply NoPort => new(425, "No port is free for a data connection, try again later");

    private static Reply Malformed(string verb) => new(501, $"Syntax: {CommandTable.Find(verb)!.Syntax}");

    private static string ProtocolOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? "1" : "2";

    private static int? Listen(FtpSession session)
    {
        // Close the old one first: it may hold the only port of a small range.
        session.CloseDataEndpoint();
        try
        {
            var endpoint = PassiveEndpoint.Open(session.Local.Address, session.Remote.Address, session.Context.Options.PassivePorts);
            session.SetDataEndpoint(endpoint);
            return endpoint.Port;
        }
        catch (SocketException e)
        {
            FtpLog.NoPassivePort(session.Context.Log, session.Remote, e.Message);
            return null;
        }
    }

    /// <summary>
    /// RFC 2577, section 3: data connections go only to the client itself (no "bounce"); others get 504. Addresses are compared by their
    /// bytes, because a client cannot state the scope of a link-local address.
    /// </summary>
    private static Reply Connect(FtpSession session, IPAddress address, int port)
    {
        if (!address.GetAddressBytes().AsSpan().SequenceEqual(session.Remote.Address.GetAddressBytes()))
        {
            return new Reply(504, "Data connections go only to the address of the control connection");
        }

        if (port < LowestClientPort) return new Reply(504, "Data connections go only to ports from 1024");
        session.SetDataEndpoint(new ActiveEndpoint(session.Local.Address, new IPEndPoint(session.Remote.Address, port)));
        return new Reply(200, "Data port accepted");
    }
}
