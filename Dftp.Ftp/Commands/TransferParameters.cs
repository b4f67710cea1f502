using System.Globalization;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Commands;

/// <summary>The parameters of the next transfers (RFC 959, section 4.1.2).</summary>
internal static class TransferParameters
{
    public static Reply Type(FtpSession session, string argument)
    {
        RepresentationType? type = argument.Trim(' ').ToUpperInvariant() switch
        {
            "A" or "A N" => RepresentationType.Ascii,
            "I" or "L 8" => RepresentationType.Image,
            _ => null,
        };
        if (type is null) return new Reply(504, "Only the types A N, I and L 8 are implemented");
        session.State.Type = type.Value;
        return new Reply(200, $"Type is {type}");
    }

    public static Reply Mode(FtpSession session, string argument) => argument.Trim(' ').Equals("S", StringComparison.OrdinalIgnoreCase)
        ? new Reply(200, "Mode is Stream")
        : new Reply(504, "Only mode S is implemented");

    public static Reply Stru(FtpSession session, string argument) => argument.Trim(' ').Equals("F", StringComparison.OrdinalIgnoreCase)
        ? new Reply(200, "Structure is File")
        : new Reply(504, "Only structure F is implemented");

    /// <summary>RFC 959: a number of bytes, optionally followed by <c>R</c> and a record size. Nothing is reserved.</summary>
    public static Reply Allo(FtpSession session, string argument) => TryParseOffset(argument.Trim(' ').Split(' ')[0], out _)
        ? new Reply(202, "No storage needs to be allocated")
        : new Reply(501, "ALLO takes a number of bytes");

    public static Reply Rest(FtpSession session, string argument)
    {
        if (!TryParseOffset(argument.Trim(' '), out var offset)) return new Reply(501, "REST takes a number of bytes");
        session.State.RestartOffset = offset;
        return new Reply(350, string.Create(CultureInfo.InvariantCulture, $"The next transfer starts at byte {offset}"));
    }

    private static bool TryParseOffset(string text, out long offset) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
}
