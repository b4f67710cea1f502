using System.Buffers;
using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>Checks the bytes of a name against the rule of <see cref="VirtualPath.IsValidName"/>.</summary>
internal static class EntryName
{
    /// <param name="name">The name of a directory entry: not empty, not <c>.</c> or <c>..</c>, without a slash.</param>
    /// <returns>Null for a valid name.</returns>
    public static SkipReason? Check(ReadOnlySpan<byte> name)
    {
        if (name.Length > VirtualPath.MaxNameBytes) return SkipReason.PathTooLong;
        return name.ContainsAnyExceptInRange((byte)' ', (byte)'~') ? CheckRunes(name) : null;
    }

    private static SkipReason? CheckRunes(ReadOnlySpan<byte> name)
    {
        SkipReason? reason = null;
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(name, out var rune, out var length) != OperationStatus.Done) return SkipReason.NameNotUtf8;
            if (Rune.IsControl(rune)) reason = SkipReason.NameHasControl;
            name = name[length..];
        }

        return reason;
    }
}
