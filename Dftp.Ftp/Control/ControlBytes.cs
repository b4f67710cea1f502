using System.Buffers;

namespace Dftp.Ftp.Control;

/// <summary>Replaces control characters in names: CR and LF would end a line, and others could act on a terminal.</summary>
internal static class ControlBytes
{
    private static readonly SearchValues<byte> All =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(value => (byte)value), 127]);

    public static void Replace(Span<byte> text) => text.ReplaceAny(All, (byte)'?');
}
