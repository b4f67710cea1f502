using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.Door;

/// <summary>Reads the file of the cluster secret, after a look at who else can read it.</summary>
internal static partial class SecretFile
{
    private const int MaxBytes = 64 * 1024;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads the keys.</summary>
    /// <param name="path">The file.</param>
    /// <param name="before">The keys until now; null at the start.</param>
    /// <param name="problem">What is wrong, to go after the file's name and a colon.</param>
    /// <returns>Null if the file cannot be used.</returns>
    public static KeyRing? Read(string path, KeyRing? before, out string problem)
    {
        byte[] content = [];
        try
        {
            using var file = File.OpenHandle(path);
            if (WhyUnsafe(file) is { } exposure)
            {
                problem = exposure;
                return null;
            }

            content = new byte[MaxBytes + 1];
            var length = 0;
            for (int read; (read = RandomAccess.Read(file, content.AsSpan(length), length)) > 0;) length += read;
            if (length > MaxBytes)
            {
                problem = $"it is larger than {MaxBytes} bytes";
                return null;
            }

            return KeyRing.Parse(content.AsSpan(0, length), before, out problem);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = "no such file";
        }
        catch (UnauthorizedAccessException)
        {
            problem = Directory.Exists(path) ? "it is a directory" : "permission denied";
        }
        catch (Exception error) when (error is IOException or ArgumentException or NotSupportedException)
        {
            problem = error.Message;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }

        return null;
    }

    /// <summary>The sentence on who else has access to the open file; null: nobody but the superuser.</summary>
    private static string? WhyUnsafe(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows()) return null;
        var mode = File.GetUnixFileMode(file);
        if ((mode & Others) != 0)
            return $"other users have access to it (mode {Convert.ToString((int)mode & 0xfff, 8).PadLeft(4, '0')}): chmod 600";
        return OperatingSystem.IsLinux() && OwnerOf(file) is var owner and not 0 && owner != GetEffectiveUser()
            ? "it belongs to another user" : null;
    }

    private static unsafe uint OwnerOf(SafeFileHandle file)
    {
        const int emptyPath = 0x1000;
        const uint owner = 0x8;
        byte terminator = 0;
        Status status;
        return GetStatus(file, &terminator, emptyPath, owner, &status) == 0 ? status.Owner
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static unsafe partial int GetStatus(SafeFileHandle file, byte* path, int flags, uint mask, Status* status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    /// <summary>struct statx.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)] public uint Owner;
    }
}
