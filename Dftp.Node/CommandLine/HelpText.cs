using System.Text;

namespace Dftp.Node.CommandLine;

/// <summary>The answer to <c>--help</c>, at most 100 columns wide.</summary>
internal static class HelpText
{
    private const int Width = 100;
    private const string Indent = "      ";

    public static string Write(IReadOnlyList<OptionDefinition> options)
    {
        var text = new StringBuilder()
            .Append("""
                dftp serves the directories of several machines as one tree, over HTTP and FTP.

                Usage:
                  dftp --dfsroot DIR [OPTION...]

                Examples:
                  dftp --dfsroot /storage                     add /storage to the tree of the local network
                  dftp --dfsroot /data --dfsmount /data       the same, but under /data
                  dftp --dfsroot /data --ftp-listen ""        without FTP
                  DFTP_DFSROOT=/data dftp                     an option as an environment variable

                Options take one dash or two, and their value after a space or "=". Each can also be given as the
                environment variable beside it, or in the file of --config. The command line wins over the
                environment, the environment over the file.


                """);
        foreach (var option in options) Append(text, option);
        return text
            .Append("""
                  -h, --help
                      Show this text.

                  --version
                      Show the version.

                """)
            .ToString();
    }

    private static void Append(StringBuilder text, OptionDefinition option)
    {
        var usage = option.IsSwitch ? option.Flag : $"{option.Flag} {option.Placeholder}";
        var fallback = option.DefaultMeaning.Length > 0 ? option.DefaultMeaning : option.Default;
        text.Append($"  {usage,-42}{option.EnvironmentVariable,-32}{(fallback.Length > 0 ? $"default {fallback}" : "")}".TrimEnd()).Append('\n');
        AppendWrapped(text, option.Summary);
        if (!option.IsSwitch) text.Append(Indent).Append($"Example: {option.Flag} {option.Example}\n");
        text.Append('\n');
    }

    private static void AppendWrapped(StringBuilder text, string sentences)
    {
        var line = new StringBuilder(Indent.TrimEnd());
        foreach (var word in sentences.Split(' '))
        {
            if (line.Length + 1 + word.Length > Width) Flush();
            line.Append(line.Length == 0 ? Indent : " ").Append(word);
        }

        Flush();

        void Flush()
        {
            text.Append(line).Append('\n');
            line.Clear();
        }
    }
}
